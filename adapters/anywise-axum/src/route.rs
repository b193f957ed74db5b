//! One message's way in: an HTTP request becomes its JSON, its reply a response.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use anywise_core::catalog::{HttpRoute, Message};
use anywise_core::{Endpoint, Error, Head, MessageKind};
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::catch::{self, Panic};
use crate::context::Said;
use crate::detach::Detached;
use crate::fields::{self, Field, Fields, Place};
use crate::limits::Limits;
use crate::location::Location;
use crate::problem::Problem;
use crate::routes::Settings;
use crate::trust::{self, Trust};
use crate::{context, idempotency, query, refuse};

/// A request without its body.
struct Asked {
    head: Head,
    trace_id: Option<String>,
    fields: Vec<Field>,
    /// The head once more, where the call may have to be made anew.
    again: Option<Box<Head>>,
}

/// How HTTP reaches one message.
pub(crate) struct Route {
    endpoint: Endpoint,
    limits: Arc<Limits>,
    /// Names of the path's parameters, in order.
    path: Vec<String>,
    fields: Fields,
    /// Whether a caller may name its request, to send it twice.
    named: bool,
    /// Whether the method has a body.
    body: bool,
    status: StatusCode,
    /// Whether a reply has no body.
    silent: bool,
    location: Option<Location>,
    trust: Trust,
    callers: Callers,
}

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callers {
    All,
    Trusted,
}

impl Route {
    /// The route that the message names; `path` are its parameters.
    pub(crate) fn new(
        endpoint: Endpoint,
        message: &Message,
        http: &HttpRoute,
        path: Vec<String>,
        settings: &Settings,
    ) -> Self {
        let status = StatusCode::from_u16(http.status).unwrap_or(StatusCode::OK);
        let reply = message.reply.as_ref().and_then(|reply| reply.schema.as_ref());
        let unit = reply.and_then(|schema| schema.get("type")).is_some_and(|name| name == "null");
        Self {
            endpoint,
            limits: Arc::clone(&settings.limits),
            trust: settings.trust.clone(),
            callers: Callers::All,
            path,
            fields: Fields::of(message.schema.as_ref()),
            named: message.kind == MessageKind::Command && http.method != "GET",
            body: ["POST", "PUT", "PATCH"].contains(&http.method.as_str()),
            status,
            silent: unit || status == StatusCode::NO_CONTENT,
            location: http.location.as_deref().map(Location::new),
        }
    }

    /// The route that every message has for processes of ours: POST, the whole
    /// message as the body.
    pub(crate) fn internal(endpoint: Endpoint, message: &Message, settings: &Settings) -> Self {
        Self {
            endpoint,
            limits: Arc::clone(&settings.limits),
            trust: settings.trust.clone(),
            callers: Callers::Trusted,
            path: Vec::new(),
            fields: Fields::of(message.schema.as_ref()),
            named: message.kind == MessageKind::Command,
            body: true,
            status: StatusCode::OK,
            silent: false,
            location: None,
        }
    }

    /// Answers a request, whatever it holds.
    ///
    /// What needs the request as it came is done at once, so that the future
    /// holds little.
    pub(crate) fn answer(
        self: Arc<Self>,
        request: Request,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send {
        let (mut parts, body) = request.into_parts();
        let trusted = self.trust.of(&parts.headers);
        let mut said = Said::read(&parts.headers, matches!(trusted, Ok(true)));
        let (request_id, private) = (said.request_id.take(), said.authorized);
        let asked = self.admit(trusted).and_then(|()| self.ask(&mut parts, &body, said));
        async move {
            let mut response = match asked {
                Ok(asked) => self.respond(asked, body).await,
                Err(problem) => problem.into_response(),
            };
            let headers = response.headers_mut();
            if let Some(id) = request_id {
                headers.insert(context::REQUEST_ID, id);
            }
            if private {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
            Ok(response)
        }
    }

    /// Whether the caller may ask here.
    fn admit(&self, trusted: Result<bool, Problem>) -> Result<(), Problem> {
        if !trusted? && self.callers == Callers::Trusted {
            return Err(trust::refused("this route is for processes that the server trusts"));
        }
        Ok(())
    }

    /// Reads everything but the body.
    fn ask(&self, parts: &mut Parts, body: &Body, mut said: Said) -> Result<Asked, Problem> {
        let trace_id = said.trace_id();
        let fields = match self.read_head(parts, body, &mut said) {
            Ok(fields) => fields,
            Err(problem) => return Err(problem.trace_id(trace_id)),
        };
        let again = self.body && !fields.is_empty();
        let again = again.then(|| Box::new(said.head.clone()));
        Ok(Asked { head: said.head, trace_id, fields, again })
    }

    fn read_head(&self, parts: &mut Parts, body: &Body, said: &mut Said) -> Result<Vec<Field>, Problem> {
        self.check(said, &parts.method, body)?;
        if self.named {
            said.head.idempotency_key = idempotency::key(&parts.headers)?;
        }
        self.parameters(parts)
    }

    fn check(&self, said: &Said, method: &Method, body: &Body) -> Result<(), Problem> {
        said.accepted.check()?;
        if body.is_end_stream() {
            return Ok(());
        }
        if self.body {
            return said.sent.check();
        }
        let detail = format!("a {method} request has no body here");
        Err(Problem::new(400, "AW1028").detail(detail).close())
    }

    async fn respond(&self, asked: Asked, body: Body) -> Response {
        let Asked { head, trace_id, fields, again } = asked;
        let result = match self.read(body).await {
            Ok(body) => self.call(body, head, &fields, again).await,
            Err(problem) => Err(problem),
        };
        match result {
            Ok(reply) => self.reply(reply),
            Err(problem) => problem.trace_id(trace_id).into_response(),
        }
    }

    /// Reads the body whole.
    async fn read(&self, body: Body) -> Result<Bytes, Problem> {
        if body.is_end_stream() {
            return Ok(if self.body { Bytes::new() } else { Bytes::from_static(b"{}") });
        }
        match Limited::new(body, self.limits.body_size).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Problem::body_too_large(&self.limits)),
            // Our server knows better why, and says so instead.
            Err(_) => Err(Problem::malformed("the body of the request breaks off")),
        }
    }

    /// Calls with the body's fields and the parameters'.
    async fn call(
        &self,
        body: Bytes,
        head: Head,
        fields: &[Field],
        again: Option<Box<Head>>,
    ) -> Result<Bytes, Problem> {
        // A body that is no object goes as it is, for core to say what it is.
        let whole = if fields.is_empty() { None } else { fields::append(&body, fields) };
        let mut result = self.start(whole.as_deref().unwrap_or(&body), head)?.await;
        if let Ok(Err(error)) = &result
            && error.code() == "AW1012"
            && let Some(head) = again
            && let Some(rest) = fields::without_repeated(&body, fields)?
            && let Some(whole) = fields::append(&rest, fields)
        {
            result = self.start(&whole, *head)?.await;
        }
        result.map_err(|panic| self.panicked(&panic))?.map_err(|error| self.refuse(&error, fields))
    }

    /// Starts what will be finished, even when the client is gone.
    fn start(&self, body: &[u8], head: Head) -> Result<Detached<Result<Bytes, Error>>, Problem> {
        let call = catch::call(|| self.endpoint.call(body, head));
        call.map(Detached::new).map_err(|panic| self.panicked(&panic))
    }

    fn panicked(&self, panic: &Panic) -> Problem {
        tracing::error!(endpoint = ?self.endpoint, panic = catch::message(panic), "a handler panicked");
        Problem::panicked()
    }

    /// The fields that the path and the query give.
    fn parameters(&self, parts: &mut Parts) -> Result<Vec<Field>, Problem> {
        if self.path.is_empty() && parts.uri.query().is_none_or(str::is_empty) {
            return Ok(Vec::new());
        }
        let path = if self.path.is_empty() { None } else { Some(self.path_values(parts)?) };
        let pairs = query::pairs(parts.uri.query().unwrap_or_default()).map_err(|name| {
            fields::refused(fields::fault(Place::Query, name, "is not percent-encoded UTF-8"))
        })?;
        let texts = path.iter().flatten().map(|(_, text)| text);
        let path = self.path.iter().zip(texts).map(|(name, text)| (Place::Path, name.as_str(), text));
        let query = pairs.iter().map(|(name, text)| (Place::Query, &**name, &**text));
        self.fields.read(path.chain(query))
    }

    fn path_values(&self, parts: &mut Parts) -> Result<RawPathParams, Problem> {
        let read = pin!(RawPathParams::from_request_parts(parts, &()));
        // The router left them with the request: there is nothing to wait for.
        let values = match read.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(values)) if values.iter().all(|(_, text)| !text.contains('\0')) => Some(values),
            _ => None,
        };
        values.ok_or_else(|| {
            let name = self.path.first().map_or("", String::as_str);
            fields::refused(fields::fault(Place::Path, name, "is not percent-encoded UTF-8"))
        })
    }

    fn refuse(&self, error: &Error, fields: &[Field]) -> Problem {
        if error.status() >= 500 {
            let cause = error.source().and_then(|source| source.source());
            tracing::error!(endpoint = ?self.endpoint, %error, cause, "a request failed");
        }
        refuse::problem(error, fields, self.body)
    }

    fn reply(&self, reply: Bytes) -> Response {
        let location = self.location.as_ref().and_then(|location| location.fill(&reply));
        let mut response = if self.silent {
            Response::new(Body::empty())
        } else {
            let mut response = Response::new(Body::from(reply));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        };
        *response.status_mut() = self.status;
        if let Some(location) = location {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}
