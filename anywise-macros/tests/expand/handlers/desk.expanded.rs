impl PaymentDesk {
    /// A plain method.
    pub fn new() -> Self {
        body()
    }
    /// Charge a customer.
    #[allow(
        clippy::needless_pass_by_value,
        clippy::ptr_arg,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        reason = "the signature is the specification"
    )]
    async fn create(
        &self,
        cmd: Create,
        clock: &Clock,
        events: &mut Events<(Created,)>,
    ) -> Result<Self, Fault> {
        body()
    }
    #[allow(
        clippy::needless_pass_by_value,
        clippy::ptr_arg,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        reason = "the signature is the specification"
    )]
    fn on_paid(&self, event: &Paid) {
        body()
    }
    #[allow(
        clippy::needless_pass_by_value,
        clippy::ptr_arg,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        reason = "the signature is the specification"
    )]
    fn known(&self, cmd: &Create) -> Result<()> {
        body()
    }
    #[allow(
        clippy::needless_pass_by_value,
        clippy::ptr_arg,
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_async,
        reason = "the signature is the specification"
    )]
    async fn slow(&self, next: Next<'_>) -> Result<()> {
        body()
    }
}
const _: () = {
    struct __Bound(
        ::anywise::__private::Dep<PaymentDesk>,
        ::anywise::__private::Dep<Clock>,
    );
    impl ::anywise::__private::RunHandler for __Bound {
        type Input = Create;
        type Reply = ::anywise::__private::ReplyOf<Create>;
        type Output = Result<PaymentDesk, Fault>;
        type Values = ();
        type Units = (Events<(Created,)>, ());
        #[inline]
        fn run<'a>(
            &'a self,
            message: Create,
            (): Self::Values,
            (arg2, ()): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            <PaymentDesk>::create(self.0.get(), message, self.1.get(), arg2)
        }
        #[inline]
        fn reply(output: Self::Output) -> ::anywise::__private::Result<Self::Reply> {
            <Result<
                PaymentDesk,
                Fault,
            > as ::anywise::__private::IntoReply<
                ::anywise::__private::ReplyOf<Create>,
            >>::into_reply(output)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<Create as ::anywise::__private::RequestInput>::MESSAGES);
        let d0 = wiring.needs::<PaymentDesk>("self");
        let d1 = wiring.needs::<Clock>("clock");
        wiring.writable::<Create>();
        let arg2 = wiring
            .held(
                "events",
                ::anywise::__private::TypeInfo::of::<Events<(Created,)>>,
                <Events<(Created,)> as ::anywise::__private::UnitOfWork>::demand,
                <Events<(Created,)> as ::anywise::__private::UnitOfWork>::begin,
                <Events<(Created,)> as ::anywise::__private::UnitOfWork>::finish,
            );
        wiring
            .fails(
                <Result<
                    PaymentDesk,
                    Fault,
                > as ::anywise::__private::IntoReply<
                    ::anywise::__private::ReplyOf<Create>,
                >>::DECLARED,
            );
        ::core::option::Option::Some(
            ::anywise::__private::Bound::run_handler(
                __Bound(d0?, d1?),
                (),
                (arg2, ()),
                <Create as ::anywise::__private::RequestInput>::waits,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::handler("PaymentDesk::create",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire).docs("Charge a customer.").timeout_ms(5000)
    }
};
const _: () = {
    struct __Bound(::anywise::__private::Dep<PaymentDesk>);
    impl ::anywise::__private::ListenNow for __Bound {
        type Input = Paid;
        fn listen(
            &self,
            scope: &mut ::anywise::__private::Scope<'_>,
            message: &Paid,
        ) -> ::anywise::__private::Result<()> {
            let output = <PaymentDesk>::on_paid(self.0.get(), message);
            let () = output;
            ::core::result::Result::Ok(())
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<Paid as ::anywise::__private::EventInput>::MESSAGES);
        let d0 = wiring.needs::<PaymentDesk>("self");
        ::core::option::Option::Some(
            ::anywise::__private::Bound::listener_now(
                __Bound(d0?),
                <Paid as ::anywise::__private::EventInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::listener("PaymentDesk::on_paid",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire)
    }
};
const _: () = {
    struct __Bound(::anywise::__private::Dep<PaymentDesk>);
    impl ::anywise::__private::Check for __Bound {
        type Input = Create;
        fn check<'a>(
            &'a self,
            scope: &'a mut ::anywise::__private::Scope<'_>,
            message: &'a Create,
        ) -> ::anywise::__private::Step<'a> {
            ::anywise::__private::Step::ready(
                (|| {
                    let output = <PaymentDesk>::known(self.0.get(), message);
                    ::anywise::__private::provide(
                        <Result<
                            (),
                        > as ::anywise::__private::GuardOutput>::into_result(output)?,
                        scope,
                    )
                })(),
            )
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.receives(<Create as ::anywise::__private::GuardInput>::MESSAGES);
        let d0 = wiring.needs::<PaymentDesk>("self");
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<()> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<()> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::guard(
                __Bound(d0?),
                <Create as ::anywise::__private::GuardInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("PaymentDesk::known",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire)
    }
};
const _: () = {
    struct __Bound(::anywise::__private::Dep<PaymentDesk>);
    impl ::anywise::__private::Around for __Bound {
        fn around<'a>(
            &'a self,
            next: ::anywise::__private::Next<'a>,
        ) -> ::anywise::__private::AroundStep<'a> {
            ::anywise::__private::AroundStep::future(async move {
                let output = <PaymentDesk>::slow(self.0.get(), next).await;
                <Result<()> as ::anywise::__private::GuardOutput>::into_result(output)
            })
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.next::<Next<'_>>();
        let d0 = wiring.needs::<PaymentDesk>("self");
        wiring
            .provides(
                ::anywise::__private::TypeInfo::of::<
                    <Result<()> as ::anywise::__private::GuardOutput>::Value,
                >,
            );
        wiring.fails(<Result<()> as ::anywise::__private::GuardOutput>::DECLARED);
        ::core::option::Option::Some(::anywise::__private::Bound::around(__Bound(d0?)))
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::guard("PaymentDesk::slow",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire).target(::anywise::__private::Target::slice()).around()
    }
};
