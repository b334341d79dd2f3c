//! Conversions of whole exports: the samples, and an export as large as that of a company.

#[cfg(test)]
mod company;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod slack_like;
