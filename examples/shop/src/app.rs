//! What the shop is made of.

use std::sync::Arc;

use anywise::{App, AppBuilder, Slice, Store};

/// Every slice there is.
pub const SLICES: [Slice; 4] =
    [shop_order::SLICE, shop_payment::SLICE, shop_inventory::SLICE, shop_notification::SLICE];

/// A shop of these slices on this store, to be built.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let scratch = shop::Scratch::new();
/// let store = scratch.data().open().await?;
/// let app = shop::builder(shop::SLICES, store).build().await?;
/// assert!(app.handles("order.PlaceOrder"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub fn builder(slices: impl IntoIterator<Item = Slice>, store: Arc<dyn Store>) -> AppBuilder {
    App::builder().name("shop").slices(slices).store_arc(store)
}
