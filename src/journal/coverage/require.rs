//! Coverage as a demand.

use super::{Coverage, documented, is_meant, pairs};

impl Coverage {
    /// Demands that these pairs were met.
    ///
    /// ```should_panic
    /// let coverage = fake_apiserver::Coverage::default();
    /// coverage.require(&[("update", 409), ("create endpoints", 201)]);
    /// ```
    ///
    /// # Panics
    ///
    /// If some were not, naming them, or if there is no such operation.
    #[track_caller]
    pub fn require(&self, pairs: &[(&str, u16)]) {
        if let Err(problem) = self.lacks(pairs) {
            panic!("{problem}\n\n{self}");
        }
    }

    /// Demands that every documented code of these operations was met.
    ///
    /// ```should_panic
    /// let coverage = fake_apiserver::Coverage::default();
    /// coverage.require_documented(["get endpoints", "update endpoints"]);
    /// ```
    ///
    /// # Panics
    ///
    /// If some were not, naming them, or if there is no such operation.
    #[track_caller]
    pub fn require_documented<'a>(&self, operations: impl IntoIterator<Item = &'a str>) {
        let mut wanted = Vec::new();
        for operation in operations {
            let codes = documented_codes(operation);
            assert!(!codes.is_empty(), "{}", unknown(operation));
            wanted.extend(codes.into_iter().map(|code| (operation, code)));
        }
        self.require(&wanted);
    }

    fn lacks(&self, pairs: &[(&str, u16)]) -> Result<(), String> {
        let is_known = |operation: &str| {
            !documented_codes(operation).is_empty()
                || self.met.keys().any(|(name, _)| is_meant(operation, name))
        };
        if let Some((operation, _)) = pairs.iter().find(|(operation, _)| !is_known(operation)) {
            return Err(unknown(operation));
        }
        let lacking: Vec<String> = pairs
            .iter()
            .filter(|(operation, code)| self.count(operation, *code) == 0)
            .map(|(operation, code)| format!("\n  {operation} {code}"))
            .collect();
        if lacking.is_empty() {
            return Ok(());
        }
        Err(format!("these were not met:{}", lacking.concat()))
    }
}

fn documented_codes(operation: &str) -> Vec<u16> {
    // A verb alone means those that are to be covered.
    let operations = match operation.contains(' ') {
        true => documented::all_operations(),
        false => documented::operations(),
    };
    let mut codes: Vec<u16> = pairs(operations)
        .iter()
        .filter(|(name, _)| is_meant(operation, name))
        .map(|(_, code)| *code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn unknown(operation: &str) -> String {
    let mut names: Vec<String> = documented().into_iter().map(|(name, _)| name).collect();
    names.dedup();
    format!(
        "there is no operation {operation:?}; documented are {}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::met;

    #[test]
    fn what_was_not_met_is_named() {
        let coverage = met(&[("update endpoints", 409, 1)]);
        let pairs = [("update", 409), ("update endpoints", 422), ("create", 201)];
        assert_eq!(
            coverage.lacks(&pairs).unwrap_err(),
            "these were not met:\n  update endpoints 422\n  create 201"
        );
        assert_eq!(coverage.lacks(&pairs[..1]), Ok(()));
    }

    #[test]
    fn an_operation_that_does_not_exist_is_a_mistake() {
        let problem = met(&[]).lacks(&[("updat endpoints", 409)]).unwrap_err();
        assert!(
            problem.contains("no operation \"updat endpoints\""),
            "{problem}"
        );
        assert!(problem.contains("update endpoints, "), "{problem}");
    }

    #[test]
    fn other_resources_can_be_required_once_they_were_met() {
        let coverage = met(&[("get secrets", 200, 1)]);
        assert_eq!(coverage.lacks(&[("get secrets", 200)]), Ok(()));
        assert!(coverage.lacks(&[("get secrets", 404)]).is_err());
    }
}
