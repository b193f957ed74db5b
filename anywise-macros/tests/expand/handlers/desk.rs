#[handlers]
impl PaymentDesk {
    /// A plain method.
    pub fn new() -> Self {
        body()
    }

    /// Charge a customer.
    #[handler(timeout = "5s")]
    async fn create(&self, cmd: Create, clock: &Clock, events: &mut Events<(Created,)>) -> Result<Self, Fault> {
        body()
    }

    #[anywise::listen]
    fn on_paid(&self, event: &Paid) {
        body()
    }

    #[guard]
    fn known(&self, cmd: &Create) -> Result<()> {
        body()
    }

    #[guard(around, slice)]
    async fn slow(&self, next: Next<'_>) -> Result<()> {
        body()
    }
}
