//! Fixes of a call that was seen live: changes that were tried on the very situation, or the same
//! command started with one thing more.

mod device;
mod files;
mod filter;
mod sandbox;
mod start;

pub use files::remedies;

use crate::fix::Offer;
use crate::place::Ctx;
use whodenied_kernel::Layer;

/// The ways to let the call through; nothing where it was not seen live.
pub(crate) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    if ctx.attempt.live.is_none() {
        return offer;
    }
    // Inside a sandbox of bubblewrap its own options come first: the mounts are its own.
    offer.maybe(sandbox::bubblewrap(ctx));
    offer.maybe(sandbox::unshare(ctx));
    offer.maybe(device::offer(ctx));
    if let Some(fix) = start::setting(ctx) {
        offer.add(fix);
    }
    if ctx.d.layer == Layer::Seccomp {
        filter::offer(ctx, &mut offer);
        return offer;
    }
    if matches!(ctx.d.layer, Layer::NoNewPrivs | Layer::MountFlags) {
        start::offer(ctx, &mut offer);
        if ctx.d.layer == Layer::NoNewPrivs {
            return offer;
        }
    }
    let files = files::offer(ctx);
    offer.remedies.extend(files.remedies);
    offer.stays_blocked.extend(files.stays_blocked);
    if ctx.d.layer != Layer::MountFlags {
        start::offer(ctx, &mut offer);
    }
    offer
}
