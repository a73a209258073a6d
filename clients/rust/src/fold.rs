//! The answer, from the events of its stream. Pure.

use std::collections::BTreeMap;
use std::mem::take;

use prost::bytes::BytesMut;

use crate::v1::chat_event::Event::{Finished, PartDelta, PartStarted, Recovered, Started};
use crate::v1::media::Source;
use crate::v1::part::Content;
use crate::v1::part_delta::Delta;
use crate::v1::{self, ChatEvent, ChatResponse, Media, Message, Part, Role, Route};

/// Folds the events of a stream into the answer that the whole call would have given.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    head: ChatResponse,
    parts: BTreeMap<i32, Growing>,
}

impl Fold {
    /// Takes the next event. Kinds of event and of delta newer than this crate are skipped.
    pub fn add(&mut self, event: &ChatEvent) {
        match &event.event {
            Some(Started(started)) => {
                self.head.response_id = started.response_id.clone();
                self.served_by(&started.provider_id, &started.provider_model);
            }
            Some(PartStarted(started)) => {
                self.parts.insert(started.index, Growing::from(started.part.clone().unwrap_or_default()));
            }
            Some(PartDelta(delta)) => {
                if let Some(part) = self.parts.get_mut(&delta.index) {
                    part.grow(delta);
                }
            }
            Some(Recovered(recovered)) => {
                self.served_by(&recovered.provider_id, &recovered.provider_model);
                if recovered.content_discarded {
                    self.parts.clear();
                }
            }
            Some(Finished(finished)) => {
                self.head.finish_reason = finished.finish_reason;
                self.head.safety_ratings = finished.safety_ratings.clone();
                self.head.usage = finished.usage;
                self.head.route = finished.route.clone();
            }
            _ => {}
        }
    }

    /// The answer so far, which is the whole one once the stream has ended.
    pub fn answer(&self) -> ChatResponse {
        ChatResponse {
            message: Some(Message {
                role: Role::Assistant.into(),
                parts: self.parts.values().map(Growing::so_far).collect(),
            }),
            ..self.head.clone()
        }
    }

    fn served_by(&mut self, provider_id: &str, provider_model: &str) {
        let route = self.head.route.get_or_insert_with(Route::default);
        route.provider_id = provider_id.to_owned();
        route.provider_model = provider_model.to_owned();
    }
}

/// A part whose bytes can be appended to without a copy of what is there; those of a message cannot.
#[derive(Clone, Debug)]
struct Growing {
    part: Part,
    signature: BytesMut,
    data: BytesMut,
}

impl From<Part> for Growing {
    fn from(mut part: Part) -> Self {
        let signature = take(&mut part.signature).into();
        let data = match &mut part.content {
            Some(Content::Media(Media { source: Some(Source::Data(data)), .. })) => take(data).into(),
            _ => BytesMut::new(),
        };
        Self { part, signature, data }
    }
}

impl Growing {
    fn grow(&mut self, grown: &v1::PartDelta) {
        self.part.logprobs.extend_from_slice(&grown.logprobs);
        if !grown.provider_id.is_empty() {
            self.part.provider_id.clone_from(&grown.provider_id);
        }
        match (&mut self.part.content, &grown.delta) {
            (_, Some(Delta::Signature(bytes))) => self.signature.extend_from_slice(bytes),
            (_, Some(Delta::Citation(citation))) => self.part.citations.push(citation.clone()),
            (Some(content), Some(delta)) => append(content, delta, &mut self.data),
            _ => {}
        }
    }

    fn so_far(&self) -> Part {
        let mut part = Part { signature: self.signature.clone().into(), ..self.part.clone() };
        if let Some(Content::Media(Media { source: Some(Source::Data(data)), .. })) = &mut part.content {
            *data = self.data.clone().into();
        }
        part
    }
}

/// Appends to the content what is meant for its kind.
fn append(content: &mut Content, delta: &Delta, data: &mut BytesMut) {
    match (content, delta) {
        (Content::Text(text), Delta::Text(more)) => text.push_str(more),
        (Content::Reasoning(reasoning), Delta::ReasoningText(more)) => reasoning.text.push_str(more),
        (Content::ToolCall(call), Delta::ArgumentsJson(more)) => call.arguments_json.push_str(more),
        (Content::ProviderToolCall(call), Delta::ArgumentsJson(more)) => call.arguments_json.push_str(more),
        (Content::ProviderToolCall(call), Delta::Result(result)) => call.results.push(result.clone()),
        (Content::ProviderToolCall(call), Delta::Failed(failed)) => call.failed = *failed,
        (Content::Media(media), Delta::Data(more)) => {
            media.source = Some(Source::Data(Default::default()));
            data.extend_from_slice(more);
        }
        _ => {}
    }
}
