#include "ringmain/answer.hpp"

#include <set>
#include <tuple>
#include <utility>

namespace ringmain {
namespace {

// Appends to the content what is meant for its kind.
void append_content(v1::Part& part, const v1::PartDelta& grown) {
  switch (part.content_case()) {
    case v1::Part::kText:
      part.mutable_text()->append(grown.text());
      break;
    case v1::Part::kReasoning:
      part.mutable_reasoning()->mutable_text()->append(grown.reasoning_text());
      break;
    case v1::Part::kToolCall:
      part.mutable_tool_call()->mutable_arguments_json()->append(grown.arguments_json());
      break;
    case v1::Part::kProviderToolCall: {
      v1::ProviderToolCall& call = *part.mutable_provider_tool_call();
      call.mutable_arguments_json()->append(grown.arguments_json());
      if (grown.has_result()) *call.add_results() = grown.result();
      if (grown.has_failed()) call.set_failed(grown.failed());
      break;
    }
    case v1::Part::kMedia:
      if (grown.has_data()) part.mutable_media()->mutable_data()->append(grown.data());
      break;
    case v1::Part::kToolResult:
    case v1::Part::CONTENT_NOT_SET:
      break;
  }
}

void append(v1::Part& part, const v1::PartDelta& grown) {
  append_content(part, grown);
  part.mutable_signature()->append(grown.signature());
  part.mutable_logprobs()->MergeFrom(grown.logprobs());
  if (grown.has_citation()) *part.add_citations() = grown.citation();
  if (!grown.provider_id().empty()) part.set_provider_id(grown.provider_id());
}

// What tells sources apart.
std::tuple<std::string, std::string, int> source(const v1::Citation& citation) {
  if (!citation.uri().empty()) return {citation.uri(), "", 0};
  return {"", citation.filename(), citation.page_number()};
}

}  // namespace

v1::Message user(const std::vector<Piece>& pieces) {
  v1::Message message;
  message.set_role(v1::ROLE_USER);
  for (const Piece& piece : pieces) *message.add_parts() = piece.part();
  return message;
}

v1::Message system(std::string text) {
  v1::Message message;
  message.set_role(v1::ROLE_SYSTEM);
  message.add_parts()->set_text(std::move(text));
  return message;
}

v1::Message tool_result(const v1::ToolCall& call, std::string result) {
  v1::Message message;
  message.set_role(v1::ROLE_TOOL);
  v1::ToolResult* given = message.add_parts()->mutable_tool_result();
  given->set_tool_call_id(call.tool_call_id());
  given->add_parts()->set_text(std::move(result));
  return message;
}

v1::ChatRequest chat_request(const std::string& question) {
  return chat_request(std::vector<v1::Message>{user({question})});
}

v1::ChatRequest chat_request(const std::vector<v1::Message>& conversation) {
  v1::ChatRequest request;
  for (const v1::Message& message : conversation) *request.add_messages() = message;
  return request;
}

std::string text(const v1::ChatResponse& response) {
  std::string whole;
  for (const v1::Part& part : response.message().parts()) whole += part.text();
  return whole;
}

std::vector<v1::ToolCall> tool_calls(const v1::ChatResponse& response) {
  std::vector<v1::ToolCall> calls;
  for (const v1::Part& part : response.message().parts()) {
    if (part.has_tool_call()) calls.push_back(part.tool_call());
  }
  return calls;
}

std::vector<v1::ProviderToolCall> provider_tool_calls(const v1::ChatResponse& response) {
  std::vector<v1::ProviderToolCall> calls;
  for (const v1::Part& part : response.message().parts()) {
    if (part.has_provider_tool_call()) calls.push_back(part.provider_tool_call());
  }
  return calls;
}

std::vector<v1::Media> media(const v1::ChatResponse& response) {
  std::vector<v1::Media> found;
  for (const v1::Part& part : response.message().parts()) {
    if (part.has_media()) found.push_back(part.media());
  }
  return found;
}

std::vector<v1::Citation> sources(const v1::ChatResponse& response) {
  std::vector<v1::Citation> cited;
  std::set<std::tuple<std::string, std::string, int>> seen;
  for (const v1::Part& part : response.message().parts()) {
    for (const v1::Citation& citation : part.citations()) {
      if (seen.insert(source(citation)).second) cited.push_back(citation);
    }
  }
  return cited;
}

bool must_continue(const v1::ChatResponse& response) {
  return response.finish_reason() == v1::FINISH_REASON_TOOL_CALLS ||
         response.finish_reason() == v1::FINISH_REASON_PAUSED;
}

// The accessors of a message that is not there give an empty string.
const std::string& text(const v1::ChatEvent& event) {
  return event.has_part_started() ? event.part_started().part().text() : event.part_delta().text();
}

bool discards(const v1::ChatEvent& event) { return event.recovered().content_discarded(); }

void Fold::add(const v1::ChatEvent& event) {
  switch (event.event_case()) {
    case v1::ChatEvent::kStarted:
      head_.set_response_id(event.started().response_id());
      served_by(event.started().provider_id(), event.started().provider_model());
      break;
    case v1::ChatEvent::kPartStarted:
      parts_[event.part_started().index()] = event.part_started().part();
      break;
    case v1::ChatEvent::kPartDelta:
      if (const auto part = parts_.find(event.part_delta().index()); part != parts_.end()) {
        append(part->second, event.part_delta());
      }
      break;
    case v1::ChatEvent::kRecovered:
      served_by(event.recovered().provider_id(), event.recovered().provider_model());
      if (event.recovered().content_discarded()) parts_.clear();
      break;
    case v1::ChatEvent::kFinished:
      head_.set_finish_reason(event.finished().finish_reason());
      head_.clear_usage();
      head_.clear_route();
      *head_.mutable_safety_ratings() = event.finished().safety_ratings();
      if (event.finished().has_usage()) *head_.mutable_usage() = event.finished().usage();
      if (event.finished().has_route()) *head_.mutable_route() = event.finished().route();
      break;
    case v1::ChatEvent::kPartFinished:
    case v1::ChatEvent::EVENT_NOT_SET:
      break;
  }
}

v1::ChatResponse Fold::answer() const {
  v1::ChatResponse response = head_;
  response.mutable_message()->set_role(v1::ROLE_ASSISTANT);
  for (const auto& [index, part] : parts_) *response.mutable_message()->add_parts() = part;
  return response;
}

void Fold::served_by(const std::string& provider_id, const std::string& provider_model) {
  head_.mutable_route()->set_provider_id(provider_id);
  head_.mutable_route()->set_provider_model(provider_model);
}

}  // namespace ringmain
