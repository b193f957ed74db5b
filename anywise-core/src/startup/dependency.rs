//! Application dependencies: values resolved once, at `build`, and borrowed by
//! functions ever after.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::{IntoError, Result};
use crate::message::TypeInfo;

/// A value a function may borrow with `&T`: shared between threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an application dependency",
    label = "borrowed by `&`, but not `Send + Sync + 'static`",
    note = "a dependency is shared between threads; for a trait write `trait Gateway: Send + Sync`"
)]
pub trait Dependency: Send + Sync + 'static {}
impl<T: ?Sized + Send + Sync + 'static> Dependency for T {}

/// A dependency as a bound function holds it.
pub struct Dep<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Dep<T> {
    /// Borrows the value.
    #[inline]
    pub fn get(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> Clone for Dep<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A value made by a provider, its type known at run time.
pub struct Built {
    pub(crate) info: TypeInfo,
    /// An `Arc<T>` of the type that `info` names.
    value: Box<dyn Any + Send + Sync>,
}

impl Built {
    pub(crate) fn new<T: Dependency + ?Sized>(value: Arc<T>) -> Self {
        Self { info: TypeInfo::of::<T>(), value: Box::new(value) }
    }
}

/// The resolved dependencies of one application.
#[derive(Default)]
pub(crate) struct Dependencies(HashMap<TypeId, Built>);

impl Dependencies {
    pub(crate) fn insert(&mut self, built: Built) {
        self.0.insert(built.info.id, built);
    }

    pub(crate) fn has(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }

    pub(crate) fn get<T: Dependency + ?Sized>(&self) -> Option<Dep<T>> {
        let built = self.0.get(&TypeId::of::<T>())?;
        built.value.downcast_ref::<Arc<T>>().map(|value| Dep(Arc::clone(value)))
    }
}

/// How a provider's return type becomes a dependency.
///
/// `T`, `Arc<T>`, `Box<T>` (also of a `dyn Trait`) and `Result` of these. The
/// generated code calls methods on `&&&&Tag<ReturnType>`; the most specific
/// implementation is found by auto-ref.
pub mod tag {
    use super::{Arc, Built, Dependency, IntoError, PhantomData, Result, TypeInfo};

    /// Stands for the return type `T`.
    pub struct Tag<T>(PhantomData<fn() -> T>);

    impl<T> Tag<T> {
        /// The tag.
        #[expect(clippy::new_without_default, reason = "generated code calls `new`")]
        pub const fn new() -> Self {
            Self(PhantomData)
        }
    }

    // The bounds stand on the methods: a type that lacks one is told so, and is
    // not taken for a plainer kind of output.

    /// A value itself.
    pub trait TagPlain<T> {
        /// The dependency's type.
        fn provided(&self) -> TypeInfo
        where
            T: Dependency;
        /// Makes the dependency.
        ///
        /// # Errors
        /// The provider's own.
        fn erase(&self, output: T) -> Result<Built>
        where
            T: Dependency;
    }

    impl<T> TagPlain<T> for Tag<T> {
        fn provided(&self) -> TypeInfo
        where
            T: Dependency,
        {
            TypeInfo::of::<T>()
        }
        fn erase(&self, output: T) -> Result<Built>
        where
            T: Dependency,
        {
            Ok(Built::new(Arc::new(output)))
        }
    }

    /// A pointer `P` to a `T`: an `Arc` or a `Box`.
    pub trait TagPointer<T: ?Sized, P> {
        /// The dependency's type.
        fn provided(&self) -> TypeInfo
        where
            T: Dependency;
        /// Makes the dependency.
        ///
        /// # Errors
        /// The provider's own.
        fn erase(&self, output: P) -> Result<Built>
        where
            T: Dependency;
    }

    /// A `Result` of a value.
    pub trait TagFallible<T, E> {
        /// The dependency's type.
        fn provided(&self) -> TypeInfo
        where
            T: Dependency;
        /// Makes the dependency.
        ///
        /// # Errors
        /// The provider's own.
        fn erase(&self, output: Result<T, E>) -> Result<Built>
        where
            T: Dependency,
            E: IntoError;
    }

    impl<T, E> TagFallible<T, E> for &&Tag<Result<T, E>> {
        fn provided(&self) -> TypeInfo
        where
            T: Dependency,
        {
            TypeInfo::of::<T>()
        }
        fn erase(&self, output: Result<T, E>) -> Result<Built>
        where
            T: Dependency,
            E: IntoError,
        {
            Ok(Built::new(Arc::new(output.map_err(IntoError::into_error)?)))
        }
    }

    /// A `Result` of a pointer.
    pub trait TagFalliblePointer<T: ?Sized, P, E> {
        /// The dependency's type.
        fn provided(&self) -> TypeInfo
        where
            T: Dependency;
        /// Makes the dependency.
        ///
        /// # Errors
        /// The provider's own.
        fn erase(&self, output: Result<P, E>) -> Result<Built>
        where
            T: Dependency,
            E: IntoError;
    }

    macro_rules! pointers {
        ($($pointer:ident)*) => {$(
            impl<T: ?Sized> TagPointer<T, $pointer<T>> for &Tag<$pointer<T>> {
                fn provided(&self) -> TypeInfo
                where
                    T: Dependency,
                {
                    TypeInfo::of::<T>()
                }
                fn erase(&self, output: $pointer<T>) -> Result<Built>
                where
                    T: Dependency,
                {
                    Ok(Built::new::<T>(Arc::from(output)))
                }
            }

            impl<T: ?Sized, E> TagFalliblePointer<T, $pointer<T>, E> for &&&Tag<Result<$pointer<T>, E>> {
                fn provided(&self) -> TypeInfo
                where
                    T: Dependency,
                {
                    TypeInfo::of::<T>()
                }
                fn erase(&self, output: Result<$pointer<T>, E>) -> Result<Built>
                where
                    T: Dependency,
                    E: IntoError,
                {
                    Ok(Built::new::<T>(Arc::from(output.map_err(IntoError::into_error)?)))
                }
            }
        )*};
    }

    pointers!(Arc Box);
}
