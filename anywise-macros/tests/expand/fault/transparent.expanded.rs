#[derive(Debug, Fault)]
pub enum PaymentError {
    #[fault(kind = conflict, code = "payment.twice", message = "paid twice")]
    Twice,
    #[fault(transparent)]
    Store(sqlx::Error),
    #[fault(transparent)]
    Wire { source: io::Error },
}
const _: () = {
    #[automatically_derived]
    impl ::anywise::__private::Fault for PaymentError {
        const FAULTS: &'static [::anywise::__private::FaultInfo] = &[
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Conflict,
                "payment.twice",
            ),
        ];
        fn fault(&self) -> ::anywise::__private::FaultView {
            match self {
                Self::Twice { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Conflict,
                        "payment.twice",
                    )
                }
                Self::Store { 0: error } => ::anywise::__private::view(error),
                Self::Wire { source: error } => ::anywise::__private::view(error),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Display for PaymentError {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Self::Twice { .. } => ::core::write!(f, "paid twice"),
                Self::Store { 0: error } => ::core::fmt::Display::fmt(error, f),
                Self::Wire { source: error } => ::core::fmt::Display::fmt(error, f),
            }
        }
    }
    #[automatically_derived]
    impl ::core::error::Error for PaymentError {
        fn source(
            &self,
        ) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> {
            match self {
                Self::Store { 0: error } => ::core::error::Error::source(error),
                Self::Wire { source: error } => ::core::error::Error::source(error),
                _ => ::core::option::Option::None,
            }
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<sqlx::Error> for PaymentError {
        fn from(error: sqlx::Error) -> Self {
            Self::Store { 0: error }
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<io::Error> for PaymentError {
        fn from(error: io::Error) -> Self {
            Self::Wire { source: error }
        }
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FaultEntry::of:: < PaymentError > ()
    }
};
