#[derive(Debug, Fault)]
#[fault(
    kind = not_found,
    code = "order.unknown",
    message = "no order {id}",
    detail = "there is no order {id}"
)]
pub struct Unknown {
    id: u64,
}
const _: () = {
    #[automatically_derived]
    impl ::anywise::__private::Fault for Unknown {
        const FAULTS: &'static [::anywise::__private::FaultInfo] = &[
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::NotFound,
                "order.unknown",
            ),
        ];
        fn fault(&self) -> ::anywise::__private::FaultView {
            match self {
                Self { id, .. } => {
                    ::anywise::__private::FaultView::new(
                            ::anywise::__private::Kind::NotFound,
                            "order.unknown",
                        )
                        .detail(::std::format!("there is no order {id}"))
                }
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Display for Unknown {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self { id, .. } => ::core::write!(f, "no order {id}"),
            }
        }
    }
    #[automatically_derived]
    impl ::core::error::Error for Unknown {}
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FaultEntry::of:: < Unknown > ()
    }
};
