#[derive(Debug, Fault, thiserror::Error)]
pub enum Broken {
    #[error("broken")]
    #[fault(kind = internal, code = "shop.broken")]
    Broken(#[source] io::Error),
}
const _: () = {
    #[automatically_derived]
    impl ::anywise::__private::Fault for Broken {
        const FAULTS: &'static [::anywise::__private::FaultInfo] = &[
            ::anywise::__private::FaultInfo::new(
                ::anywise::__private::Kind::Internal,
                "shop.broken",
            ),
        ];
        fn fault(&self) -> ::anywise::__private::FaultView {
            match self {
                Self::Broken { .. } => {
                    ::anywise::__private::FaultView::new(
                        ::anywise::__private::Kind::Internal,
                        "shop.broken",
                    )
                }
            }
        }
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FaultEntry::of:: < Broken > ()
    }
};
