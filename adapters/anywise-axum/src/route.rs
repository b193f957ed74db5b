//! One message's way in: an HTTP request becomes its JSON, its reply a response.

use std::borrow::Cow;
use std::sync::Arc;

use anywise_core::catalog::{HttpRoute, Message};
use anywise_core::{Endpoint, Error, Head};
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::detach::detached;
use crate::fields::{self, Field, Fields, Place};
use crate::limits::Limits;
use crate::location::Location;
use crate::problem::Problem;
use crate::{catch, context, media, query, refuse};

/// How HTTP reaches one message.
pub(crate) struct Route {
    endpoint: Endpoint,
    limits: Arc<Limits>,
    /// Names of the path's parameters, in order.
    path: Vec<String>,
    fields: Fields,
    /// Whether the method has a body.
    body: bool,
    status: StatusCode,
    /// Whether a reply has no body.
    silent: bool,
    location: Option<Location>,
}

impl Route {
    pub(crate) fn new(
        endpoint: Endpoint,
        message: &Message,
        http: &HttpRoute,
        path: Vec<String>,
        limits: Arc<Limits>,
    ) -> Self {
        let status = StatusCode::from_u16(http.status).unwrap_or(StatusCode::OK);
        let reply = message.reply.as_ref().and_then(|reply| reply.schema.as_ref());
        let unit = reply.and_then(|schema| schema.get("type")).is_some_and(|name| name == "null");
        Self {
            endpoint,
            limits,
            path,
            fields: Fields::of(message.schema.as_ref()),
            body: ["POST", "PUT", "PATCH"].contains(&http.method.as_str()),
            status,
            silent: unit || status == StatusCode::NO_CONTENT,
            location: http.location.as_deref().map(Location::new),
        }
    }

    /// Answers a request, whatever it holds.
    pub(crate) async fn answer(self: Arc<Self>, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let mut response = match self.respond(&mut parts, body).await {
            Ok(response) => response,
            Err(problem) => problem.trace_id(context::trace_id(&parts.headers)).into_response(),
        };
        let headers = response.headers_mut();
        if let Some((name, id)) = context::request_id(&parts.headers) {
            headers.insert(name, id);
        }
        if parts.headers.contains_key(AUTHORIZATION) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }

    async fn respond(&self, parts: &mut Parts, body: Body) -> Result<Response, Problem> {
        media::check_accept(&parts.headers)?;
        let fields = self.parameters(parts).await?;
        let body = self.read(&parts.headers, &parts.method, body).await?;
        let body = if self.body { body } else { Bytes::from_static(b"{}") };
        if fields.is_empty() {
            let reply = self.call(body, context::head(&parts.headers)).await?;
            return reply.map(|reply| self.reply(reply)).map_err(|error| self.refuse(&error, &[]));
        }
        // A body that is no object goes as it is, for core to say what it is.
        let whole = fields::append(&body, &fields).map_or_else(|| body.clone(), Bytes::from);
        let mut result = self.call(whole, context::head(&parts.headers)).await?;
        if let Err(error) = &result
            && error.code() == "AW1012"
            && let Some(rest) = fields::without_repeated(&body, &fields)?
            && let Some(whole) = fields::append(&rest, &fields)
        {
            result = self.call(whole.into(), context::head(&parts.headers)).await?;
        }
        result.map(|reply| self.reply(reply)).map_err(|error| self.refuse(&error, &fields))
    }

    /// Runs the handler to its end, even when the client is gone.
    async fn call(&self, body: Bytes, head: Head) -> Result<Result<Bytes, Error>, Problem> {
        let endpoint = self.endpoint.clone();
        detached(async move { endpoint.call(&body, head).await }).await.map_err(|panic| {
            tracing::error!(endpoint = ?self.endpoint, panic = catch::message(&panic), "a handler panicked");
            Problem::panicked()
        })
    }

    async fn read(&self, headers: &HeaderMap, method: &Method, body: Body) -> Result<Bytes, Problem> {
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        if !self.body {
            let detail = format!("a {method} request has no body here");
            return Err(Problem::new(400, "AW1028").detail(detail).close());
        }
        media::check_content_type(headers)?;
        match Limited::new(body, self.limits.body_size).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Problem::body_too_large(&self.limits)),
            // Our server knows better why, and says so instead.
            Err(_) => Err(Problem::malformed("the body of the request breaks off")),
        }
    }

    /// The fields that the path and the query give.
    async fn parameters(&self, parts: &mut Parts) -> Result<Vec<Field>, Problem> {
        if self.path.is_empty() && parts.uri.query().is_none_or(str::is_empty) {
            return Ok(Vec::new());
        }
        let path = self.path_values(parts).await?;
        let pairs = query::pairs(parts.uri.query().unwrap_or_default()).map_err(|name| {
            fields::refused(fields::fault(Place::Query, name, "is not percent-encoded UTF-8"))
        })?;
        let path = self.path.iter().zip(&path).map(|(name, text)| (Place::Path, name.as_str(), &**text));
        let query = pairs.iter().map(|(name, text)| (Place::Query, &**name, &**text));
        self.fields.read(path.chain(query))
    }

    async fn path_values(&self, parts: &mut Parts) -> Result<Vec<Cow<'static, str>>, Problem> {
        if self.path.is_empty() {
            return Ok(Vec::new());
        }
        let refused = || {
            let name = self.path.first().map_or("", String::as_str);
            fields::refused(fields::fault(Place::Path, name, "is not percent-encoded UTF-8"))
        };
        let values = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| refused())?;
        let values: Vec<_> = values.iter().map(|(_, text)| Cow::Owned(text.to_owned())).collect();
        if values.iter().any(|text: &Cow<'_, str>| text.contains('\0')) {
            return Err(refused());
        }
        Ok(values)
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
