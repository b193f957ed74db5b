/// Travels under its slice's name.
#[derive(Debug, Fault)]
#[fault(wire, kind = conflict, code = "order.closed", message = "the order is closed")]
pub struct Closed;
const _: () = {
    #[automatically_derived]
    impl ::anywise::__private::Fault for Closed {
        const FAULTS: &'static [::anywise::__private::FaultInfo] = &[
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Conflict,
                "order.closed",
            ),
        ];
        fn fault(&self) -> ::anywise::__private::FaultView {
            match self {
                Self { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Conflict,
                        "order.closed",
                    )
                }
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Display for Closed {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self { .. } => ::core::write!(f, "the order is closed"),
            }
        }
    }
    #[automatically_derived]
    impl ::core::error::Error for Closed {}
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FaultEntry::wired:: < Closed > (::core::stringify!(Closed),
        ::core::option::Option::None, ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()),)
    }
};
/// Travels under its own.
#[derive(Debug, Fault)]
#[fault(wire = "order.Wire", kind = internal, code = "order.wire", message = "wire")]
pub struct Wired;
const _: () = {
    #[automatically_derived]
    impl ::anywise::__private::Fault for Wired {
        const FAULTS: &'static [::anywise::__private::FaultInfo] = &[
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Internal,
                "order.wire",
            ),
        ];
        fn fault(&self) -> ::anywise::__private::FaultView {
            match self {
                Self { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Internal,
                        "order.wire",
                    )
                }
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Display for Wired {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self { .. } => ::core::write!(f, "wire"),
            }
        }
    }
    #[automatically_derived]
    impl ::core::error::Error for Wired {}
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FaultEntry::wired:: < Wired > (::core::stringify!(Wired),
        ::core::option::Option::Some("order.Wire"), ::core::module_path!(),
        ::anywise::__private::Site::new(::core::file!(), ::core::line!()),)
    }
};
