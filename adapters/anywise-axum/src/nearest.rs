//! The answer to a path that leads nowhere: the route that was probably meant.

use std::fmt;

use http::Method;

use crate::problem::{Problem, short};

/// The paths there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nearest(Vec<Known>);

#[derive(Clone, Debug)]
struct Known {
    method: String,
    path: String,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{} {}`", self.method, self.path)
    }
}

/// Longer paths than this, and further ones, get no hint.
const LONGEST: usize = 256;
const MOST_ROUTES: usize = 1_000;

impl Nearest {
    pub(crate) fn new<'a>(routes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let known = |(method, path): (&str, &str)| Known { method: method.to_owned(), path: path.to_owned() };
        Self(routes.into_iter().take(MOST_ROUTES).map(known).collect())
    }

    /// 404, with a hint where one helps.
    pub(crate) fn problem(&self, method: &Method, path: &str) -> Problem {
        let nothing = format!("there is nothing at `{method} {}`", short(path));
        let detail = match self.find(method, path) {
            Some(known) => format!("{nothing}; the nearest route is {known}"),
            None => nothing,
        };
        Problem::new(404, "AW1022").detail(detail)
    }

    fn find(&self, method: &Method, path: &str) -> Option<&Known> {
        if path.len() > LONGEST {
            return None;
        }
        let far = |known: &Known| {
            let other = usize::from(known.method != method.as_str());
            distance(path, &known.path).map(|distance| distance * 2 + other)
        };
        let near = self.0.iter().filter_map(|known| Some((far(known)?, known)));
        near.min_by_key(|(far, _)| *far).filter(|(far, _)| *far > 1).map(|(_, known)| known)
    }
}

/// How far a path is from a template: edits, segment by segment; a parameter
/// takes any segment. `None` when they have little in common.
fn distance(path: &str, template: &str) -> Option<usize> {
    let (mut left, mut right) = (path.trim_matches('/').split('/'), template[1..].split('/'));
    let (mut edits, mut alike) = (0, 0);
    loop {
        match (left.next(), right.next()) {
            (None, None) => break,
            (Some(_), None) | (None, Some(_)) => edits += 3,
            (Some(_), Some(parameter)) if parameter.starts_with('{') => {}
            (Some(one), Some(other)) => {
                let far = strsim::damerau_levenshtein(one, other);
                alike += usize::from(far * 3 <= other.len());
                edits += far;
            }
        }
    }
    (alike > 0).then_some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(path: &str) -> Option<String> {
        let routes = [("POST", "/orders"), ("GET", "/orders/{order_id}"), ("GET", "/stock/{sku}")];
        Nearest::new(routes).find(&Method::GET, path).map(ToString::to_string)
    }

    #[test]
    fn the_nearest_route_is_named() {
        assert_eq!(hint("/order/7").as_deref(), Some("`GET /orders/{order_id}`"));
        assert_eq!(hint("/stok/tea").as_deref(), Some("`GET /stock/{sku}`"));
        assert_eq!(hint("/ordrs").as_deref(), Some("`POST /orders`"));
    }

    #[test]
    fn no_hint_where_none_helps() {
        assert_eq!(hint("/favicon.ico"), None);
        assert_eq!(hint("/orders/7"), None, "the handler said 404, the route is there");
        assert_eq!(hint(&format!("/{}", "x".repeat(5_000))), None);
    }
}
