//! Places in the user's source, and types as people read them.

use std::any::TypeId;
use std::fmt;

/// A place in the user's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Site {
    /// A file as the compiler saw it and a line counted from 1.
    pub const fn new(file: &'static str, line: u32) -> Self {
        Self { file, line }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl From<Site> for crate::catalog::Site {
    fn from(site: Site) -> Self {
        Self { file: site.file.to_owned(), line: site.line }
    }
}

/// A type as people and the resolver see it.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    pub(crate) id: TypeId,
    full: &'static str,
}

impl TypeInfo {
    /// Describes `T`.
    pub fn of<T: ?Sized + 'static>() -> Self {
        Self { id: TypeId::of::<T>(), full: std::any::type_name::<T>() }
    }

    /// The type without its paths: `Provided<User>`.
    pub fn name(&self) -> String {
        short_name(self.full)
    }
}

/// Drops every `path::` in front of an identifier.
fn short_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut word = 0;
    let mut chars = full.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            short.truncate(word);
        } else {
            short.push(c);
            if !(c.is_alphanumeric() || c == '_') {
                word = short.len();
            }
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn type_names_lose_their_paths() {
        let check = |full: &str, short: &str| assert_eq!(short_name(full), short);
        check("u8", "u8");
        check("a::b::C", "C");
        check("a::P<(b::c::D, &str)>", "P<(D, &str)>");
        check("dyn a::b::Gateway", "dyn Gateway");
        check("alloc::vec::Vec<a::B>", "Vec<B>");
    }
}
