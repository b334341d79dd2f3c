//! What is wrong with one value of a source.

use crate::fault::{Fault, FaultCode};
use serde::de::DeserializeOwned;

/// What is wrong with one value; the document goes on behind it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: FaultCode,
    pub(crate) text: String,
}

impl Problem {
    /// With the line that it is on.
    pub(crate) fn on(self, line: u64) -> Self {
        Self { text: format!("line {line}: {}", self.text), ..self }
    }

    /// The fault of a document of this name.
    pub(crate) fn fault(self, name: &str) -> Fault {
        Fault::new(0, self.code, format!("{name}, {}", self.text))
    }
}

/// A text as another type, or the member that does not fit and why.
///
/// # Errors
/// It has not that shape.
pub(crate) fn shape<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let fast = serde_json::from_str(text);
    fast.map_err(|first: serde_json::Error| {
        let code = if first.is_data() { FaultCode::WrongType } else { FaultCode::NotJson };
        let mut json = serde_json::Deserializer::from_str(text);
        let (member, problem) = match serde_path_to_error::deserialize::<_, T>(&mut json) {
            Ok(_) => (String::new(), first.to_string()),
            Err(error) => (error.path().to_string(), error.into_inner().to_string()),
        };
        let problem = problem.split(" at line ").next().unwrap_or_default();
        let text = if code == FaultCode::NotJson {
            format!("is not JSON: {problem}")
        } else if matches!(member.as_str(), "" | ".") {
            problem.to_owned()
        } else {
            format!("{member}: {problem}")
        };
        Problem { code, text }
    })
}
