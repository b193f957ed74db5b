//! What happens to every request between hyper and the router, and to every
//! response on its way back. It knows limits and problems, no routes.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use tower::Service as _;

use crate::body::{FaultCell, LimitedBody, ReplyBody};
use crate::catch::{self, Panic};
use crate::limits::Limits;
use crate::link::{InFlight, Link};
use crate::nearest::Nearest;
use crate::problem::Problem;
use crate::screen::REFUSED;

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) router: Router,
    pub(crate) limits: Arc<Limits>,
    pub(crate) nearest: Nearest,
}

/// Serves the requests of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    shared: Arc<Shared>,
    link: Arc<Link>,
}

type Reply = Pin<Box<dyn Future<Output = Result<Response<ReplyBody>, Infallible>> + Send>>;

impl Service {
    pub(crate) fn new(shared: Arc<Shared>, link: Arc<Link>) -> Self {
        Self { shared, link }
    }

    /// The answer to a request that need not reach the router.
    fn refuse(&self, request: &Request<Incoming>) -> Option<Problem> {
        if request.method().as_str() == REFUSED
            && let Some(problem) = self.link.take_refusal()
        {
            return Some(problem);
        }
        let limits = &self.shared.limits;
        if request.version() == Version::HTTP_2
            && let Err(problem) = check_streamed(request, limits)
        {
            return Some(problem);
        }
        let announced = request.body().size_hint().lower();
        (announced > limits.body_size as u64).then(|| Problem::body_too_large(limits))
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Reply;

    fn call(&self, request: Request<Incoming>) -> Reply {
        let in_flight = self.link.begin();
        if let Some(problem) = self.refuse(&request) {
            return Box::pin(std::future::ready(Ok(leave(problem.into_response(), in_flight))));
        }
        let shared = Arc::clone(&self.shared);
        let link = Arc::clone(&self.link);
        let fault = (!request.body().is_end_stream()).then(FaultCell::default);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let request = request.map(|body| match &fault {
            Some(fault) => Body::new(LimitedBody::new(body, Arc::clone(&shared.limits), fault.clone())),
            None => Body::empty(),
        });
        let call = catch::call(|| shared.router.clone().call(request));
        Box::pin(async move {
            let response = route(call).await;
            let response = match fault.and_then(|fault| fault.problem(&shared.limits)) {
                Some(problem) => problem.into_response(),
                None => fill(response, &method, uri.path(), &shared.nearest),
            };
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                link.upgrade();
            }
            Ok(leave(response, in_flight))
        })
    }
}

/// The limits that HTTP/1 heads met before hyper read them.
fn check_streamed(request: &Request<Incoming>, limits: &Limits) -> Result<(), Problem> {
    let (uri, headers) = (request.uri(), request.headers());
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.uri_size {
        return Err(Problem::uri_too_long(limits));
    }
    if headers.len() > limits.headers {
        return Err(Problem::headers_too_large(limits));
    }
    let mut hosts = headers.get_all(HOST).iter();
    let authority = uri.authority().map(http::uri::Authority::as_str);
    match (authority, hosts.next(), hosts.next()) {
        (None, None, _) => Err(Problem::malformed("there is no `:authority` and no `Host`")),
        (_, _, Some(_)) => Err(Problem::malformed("there is more than one `Host` header")),
        (Some(authority), Some(host), None) if host.as_bytes() != authority.as_bytes() => {
            Err(Problem::malformed("`Host` and `:authority` differ"))
        }
        _ => Ok(()),
    }
}

/// What the router answers; a panic in it is a 500.
async fn route(call: Result<impl Future<Output = Result<Response, Infallible>>, Panic>) -> Response {
    let end = match call {
        Ok(call) => {
            let mut call = pin!(call);
            poll_fn(|cx| catch::poll(call.as_mut(), cx)).await
        }
        Err(panic) => Err(panic),
    };
    match end {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => {
            tracing::error!(panic = catch::message(&panic), "a route panicked");
            Problem::panicked().into_response()
        }
    }
}

/// Gives an empty 404 or 405 a body.
fn fill(response: Response, method: &Method, path: &str, nearest: &Nearest) -> Response {
    let status = response.status();
    let bare = matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
        && !response.headers().contains_key(CONTENT_TYPE)
        && response.body().size_hint().exact() == Some(0);
    if !bare {
        return response;
    }
    let problem = if status == StatusCode::NOT_FOUND {
        nearest.problem(method, path)
    } else {
        Problem::no_method(method, path, response.headers().get(ALLOW).cloned())
    };
    let mut filled = problem.into_response();
    for (name, value) in response.headers() {
        if *name != http::header::CONTENT_LENGTH && !filled.headers().contains_key(name) {
            filled.headers_mut().append(name, value.clone());
        }
    }
    filled
}

fn leave(mut response: Response, in_flight: InFlight) -> Response<ReplyBody> {
    let headers = response.headers_mut();
    headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    response.map(|body| ReplyBody::new(body, in_flight))
}
