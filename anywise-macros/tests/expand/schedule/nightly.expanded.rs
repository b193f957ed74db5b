#[allow(
    clippy::needless_pass_by_value,
    clippy::ptr_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signature is the specification"
)]
/// Closes the books.
async fn close_books(tick: Tick, books: &Books) -> Result<()> {
    body()
}
const _: () = {
    struct __Bound(::anywise::__private::Dep<Books>);
    impl ::anywise::__private::RunListener for __Bound {
        type Input = Tick;
        const SENDS: bool = <Result<()> as ::anywise::__private::Answer>::SENDS;
        type Output = Result<()>;
        type Values = ();
        type Units = ();
        #[inline]
        fn run<'a>(
            &'a self,
            message: &'a Tick,
            (): Self::Values,
            (): &'a mut Self::Units,
        ) -> impl ::core::future::Future<
            Output = Self::Output,
        > + ::core::marker::Send + 'a {
            close_books(::anywise::__private::owned::<Tick>(message), self.0.get())
        }
        #[inline]
        fn answers(
            output: Self::Output,
        ) -> ::anywise::__private::Result<::anywise::__private::Answers> {
            let mut answers = ::anywise::__private::Answers::default();
            <Result<()> as ::anywise::__private::Answer>::collect(output, &mut answers)?;
            ::core::result::Result::Ok(answers)
        }
    }
    #[cold]
    fn __wire(
        wiring: &mut ::anywise::__private::Wiring<'_>,
    ) -> ::core::option::Option<::anywise::__private::Bound> {
        wiring.ticks::<Tick>();
        wiring.receives(<Tick as ::anywise::__private::EventInput>::MESSAGES);
        let d0 = wiring.needs::<Books>("books");
        wiring.answers(<Result<()> as ::anywise::__private::Answer>::describe);
        wiring.fails(<Result<()> as ::anywise::__private::Answer>::DECLARED);
        ::core::option::Option::Some(
            ::anywise::__private::Bound::run_listener(
                __Bound(d0?),
                (),
                (),
                <Tick as ::anywise::__private::EventInput>::install,
            ),
        )
    }
    ::anywise::__private::inventory::submit! {
        ::anywise::__private::FunctionEntry::listener("close_books",
        ::core::module_path!(), ::anywise::__private::Site::new(::core::file!(),
        ::core::line!()), __wire).docs("Closes the books.").timeout_ms(60000)
        .schedule("0 3 * * *")
    }
};
