//! Enums that are declared together with the list of their variants, which so cannot miss one.

/// An enum without fields whose variants are listed.
pub(crate) trait AllVariants: Sized + 'static {
    /// In the order of their declaration.
    const ALL: &'static [Self];
}

/// Declares an enum and implements [`AllVariants`] for it.
macro_rules! all_variants {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident,)* }) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)*
        }

        impl $crate::all_variants::AllVariants for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

pub(crate) use all_variants;
