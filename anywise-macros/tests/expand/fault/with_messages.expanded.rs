#[derive(Debug, Fault)]
#[fault(kind = declined)]
pub enum PaymentError {
    #[fault(
        code = "payment.declined",
        message = "card was declined for {order_id:?}",
        detail = "try another card"
    )]
    Declined { order_id: OrderId, hidden: u8 },
    #[fault(
        kind = unavailable,
        code = "payment.gateway",
        message = "gateway {0} said {{{1:>5}}}"
    )]
    Gateway(String, u8),
    #[fault(kind = internal, code = "payment.store", message = "store failed")]
    Store { source: io::Error },
    #[fault(kind = internal, code = "payment.wire", message = "wire failed")]
    Wire(#[source] Box<dyn Error + Send + Sync>),
    #[fault(code = "payment.nothing", message = "nothing")]
    Nothing,
}
const _: () = {
    #[automatically_derived]
    impl ::anywise::__private::Fault for PaymentError {
        const FAULTS: &'static [::anywise::__private::FaultInfo] = &[
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Declined,
                "payment.declined",
            ),
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Unavailable,
                "payment.gateway",
            ),
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Internal,
                "payment.store",
            ),
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Internal,
                "payment.wire",
            ),
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Declined,
                "payment.nothing",
            ),
        ];
        fn fault(&self) -> ::anywise::__private::FaultView {
            match self {
                Self::Declined { .. } => {
                    ::anywise::__private::FaultView::new(
                            ::anywise::__private::Kind::Declined,
                            "payment.declined",
                        )
                        .detail(::std::format!("try another card"))
                }
                Self::Gateway { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Unavailable,
                        "payment.gateway",
                    )
                }
                Self::Store { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Internal,
                        "payment.store",
                    )
                }
                Self::Wire { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Internal,
                        "payment.wire",
                    )
                }
                Self::Nothing { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Declined,
                        "payment.nothing",
                    )
                }
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Display for PaymentError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::Declined { order_id, .. } => {
                    ::core::write!(f, "card was declined for {order_id:?}")
                }
                Self::Gateway { 0: field0, 1: field1, .. } => {
                    ::core::write!(f, "gateway {field0} said {{{field1:>5}}}")
                }
                Self::Store { .. } => ::core::write!(f, "store failed"),
                Self::Wire { .. } => ::core::write!(f, "wire failed"),
                Self::Nothing { .. } => ::core::write!(f, "nothing"),
            }
        }
    }
    #[automatically_derived]
    impl ::core::error::Error for PaymentError {
        fn source(
            &self,
        ) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> {
            use ::anywise::__private::AsSource as _;
            match self {
                Self::Store { source: cause, .. } => {
                    ::core::option::Option::Some(cause.as_source())
                }
                Self::Wire { 0: cause, .. } => {
                    ::core::option::Option::Some(cause.as_source())
                }
                _ => ::core::option::Option::None,
            }
        }
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FaultEntry::of:: < PaymentError > ()
    }
};
