//! What the shop is made of.

use anywise::{App, AppBuilder, Slice};

/// Every slice there is.
pub const SLICES: [Slice; 4] =
    [shop_order::SLICE, shop_payment::SLICE, shop_inventory::SLICE, shop_notification::SLICE];

/// A shop of these slices, to be built.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let app = shop::builder(shop::SLICES).build().await?;
/// assert!(app.handles("order.PlaceOrder"));
/// # Ok::<_, anywise::BuildError>(())
/// # }).unwrap();
/// ```
pub fn builder(slices: impl IntoIterator<Item = Slice>) -> AppBuilder {
    App::builder().name("shop").slices(slices)
}
