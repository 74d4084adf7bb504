//! What a request asks to be done.

use std::fmt;
use std::str::FromStr;

use crate::codec::script::hint;
use crate::error::{Error, Problem};

/// What a request asks to be done, as RBAC, discovery and the audit log name it.
///
/// A request that is about no resource has its method for a verb: `GET /version` is a [`Get`](Verb::Get). Methods that
/// are none of these there (a `POST`, a `HEAD`) are no verb at all.
///
/// Wherever a verb is taken, its name is as well; a wrong one panics at the line that gives it.
///
/// ```
/// use fake_apiserver::{Requests, Verb};
///
/// let by_name = Requests::new().verb("update").to_string();
/// assert_eq!(Requests::new().verb(Verb::Update).to_string(), by_name);
///
/// let error = "updat".parse::<Verb>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown verb `updat`; did you mean `update`?");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// `POST`
    Create,
    /// `DELETE` of one object.
    Delete,
    /// `DELETE` of a collection.
    DeleteCollection,
    /// `GET` of one object.
    Get,
    /// `GET` of a collection.
    List,
    /// `PATCH`, of whatever kind.
    Patch,
    /// `PUT`
    Update,
    /// `GET` of a collection with `watch=true`.
    Watch,
}

impl Verb {
    /// In the order of their names, as discovery lists them.
    pub(crate) const ALL: [Verb; 8] = [
        Verb::Create,
        Verb::Delete,
        Verb::DeleteCollection,
        Verb::Get,
        Verb::List,
        Verb::Patch,
        Verb::Update,
        Verb::Watch,
    ];

    /// Its name, in small letters.
    ///
    /// ```
    /// assert_eq!(fake_apiserver::Verb::DeleteCollection.as_str(), "deletecollection");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Patch => "patch",
            Verb::Update => "update",
            Verb::Watch => "watch",
        }
    }

    pub(crate) fn names(verbs: &[Verb]) -> Vec<&'static str> {
        verbs.iter().map(|verb| verb.as_str()).collect()
    }

    pub(crate) fn parse(name: &str) -> Option<Verb> {
        Verb::ALL.into_iter().find(|verb| verb.as_str() == name)
    }

    /// A verb the test's own code gives, perhaps by its name.
    #[track_caller]
    pub(crate) fn given(verb: impl TryInto<Verb, Error: fmt::Display>) -> Verb {
        match verb.try_into() {
            Ok(verb) => verb,
            Err(error) => panic!("{error}"),
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = Error;

    fn from_str(name: &str) -> Result<Verb, Error> {
        if let Some(verb) = Verb::parse(name) {
            return Ok(verb);
        }
        let instead = match name.to_uppercase().as_str() {
            "POST" => "; that method is the verb `create`".to_owned(),
            "PUT" => "; that method is the verb `update`".to_owned(),
            _ => hint(name, Verb::ALL.map(Verb::as_str)),
        };
        Err(Problem::Word(format!("unknown verb `{name}`{instead}")).into())
    }
}

impl TryFrom<&str> for Verb {
    type Error = Error;

    fn try_from(name: &str) -> Result<Verb, Error> {
        name.parse()
    }
}

impl TryFrom<String> for Verb {
    type Error = Error;

    fn try_from(name: String) -> Result<Verb, Error> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_called_by_its_name() {
        for verb in Verb::ALL {
            assert_eq!(verb.to_string().parse::<Verb>().unwrap(), verb);
        }
    }

    #[test]
    fn a_method_is_told_the_verb_that_is_meant() {
        let said = |name: &str| name.parse::<Verb>().unwrap_err().to_string();
        assert_eq!(
            said("PUT"),
            "unknown verb `PUT`; that method is the verb `update`"
        );
        assert_eq!(
            said("post"),
            "unknown verb `post`; that method is the verb `create`"
        );
        assert_eq!(
            said("updat"),
            "unknown verb `updat`; did you mean `update`?"
        );
    }
}
