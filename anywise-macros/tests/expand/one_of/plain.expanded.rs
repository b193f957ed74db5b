pub enum Moved {
    Settled(PaymentSettled),
    Refunded(payment::PaymentRefunded),
}
const _: () = {
    #[automatically_derived]
    impl ::core::convert::From<PaymentSettled> for Moved {
        fn from(message: PaymentSettled) -> Self {
            Self::Settled(message)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<payment::PaymentRefunded> for Moved {
        fn from(message: payment::PaymentRefunded) -> Self {
            Self::Refunded(message)
        }
    }
    impl ::anywise::__private::Input for Moved {
        type Shape = ::anywise::__private::Many<
            (PaymentSettled, payment::PaymentRefunded),
        >;
    }
};
