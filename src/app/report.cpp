#include "app/report.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "app/message.hpp"

namespace cloudlab::app {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const kube::ObjectId& id) {
  return {
      {"apiVersion", id.api_version}, {"kind", id.kind}, {"namespace", id.ns}, {"name", id.name}};
}

std::string_view Word(policy::FieldEdit::Op op) {
  switch (op) {
    case policy::FieldEdit::Op::kAdd:
      return "add";
    case policy::FieldEdit::Op::kReplace:
      return "replace";
    case policy::FieldEdit::Op::kRemove:
      return "remove";
  }
  return "replace";
}

Json ToJson(const policy::FieldEdit& edit) {
  return {{"object", ToJson(edit.object)}, {"path", edit.path},        {"op", Word(edit.op)},
          {"old", edit.old_value},         {"new", edit.new_value},    {"policy", edit.policy},
          {"profile", edit.profile},       {"override", edit.override}};
}

Json ToJson(const policy::Skip& skip) {
  return {{"object", ToJson(skip.object)},
          {"policy", skip.policy},
          {"code", skip.code},
          {"message", skip.message}};
}

Json ToJson(const ObjectRow& row, bool with_parent) {
  Json json = {{"object", ToJson(row.object)}};
  if (with_parent) json["parent"] = ToJson(row.parent);
  json["policy"] = row.policy;
  return json;
}

Json ToJson(const text::Diagnostic& d, Places& places) {
  Json json = {{"severity", text::Name(d.severity)}, {"code", d.code}, {"message", d.message}};
  if (d.place.source != nullptr) {
    const text::LineColumn at = places.Of(d.place);
    json["file"] = d.place.source->name;
    json["line"] = at.line;
    json["column"] = at.column;
  }
  json["object"] = d.object;
  json["hint"] = d.hint;
  return json;
}

Json ToJson(const std::vector<NetworkRow>& rows, bool closed = false) {
  Json list = Json::array();
  for (const NetworkRow& row : rows) {
    Json json = {{"from", row.from},
                 {"fromNamespace", row.from_namespace},
                 {"to", row.to},
                 {"toNamespace", row.to_namespace},
                 {"service", row.service},
                 {"port", row.port},
                 {"protocol", row.protocol},
                 {"confidence", row.confidence},
                 {"evidence", row.evidence}};
    if (closed) {
      json["by"] = row.by;
      json["before"] = row.before;
      json["wanted"] = row.wanted;
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json ToJson(const NetworkRows& network) {
  return {{"edges", ToJson(network.edges)},
          {"outside", ToJson(network.outside)},
          {"entries", ToJson(network.entries)},
          {"closed", ToJson(network.closed, /*closed=*/true)},
          {"proof", network.passed ? "passed" : "failed"}};
}

bool IsSameField(const policy::FieldEdit& a, const policy::FieldEdit& b) {
  return a.path == b.path && a.object == b.object;
}

std::size_t HashOfField(const policy::FieldEdit& edit) {
  std::size_t hash = 0;
  for (const std::string_view part :
       {std::string_view(edit.path), std::string_view(edit.object.kind),
        std::string_view(edit.object.ns), std::string_view(edit.object.name)}) {
    hash = hash * 31 + std::hash<std::string_view>()(part);
  }
  return hash;
}

}  // namespace

void Report::AddEdit(policy::FieldEdit edit) {
  const std::size_t hash = HashOfField(edit);
  const auto [begin, end] = rows_.equal_range(hash);
  const auto row = std::find_if(
      begin, end, [&](const auto& known) { return IsSameField(edits[known.second], edit); });
  if (row == end) {
    rows_.emplace(hash, edits.size());
    edits.push_back(std::move(edit));
    return;
  }
  policy::FieldEdit& first = edits[row->second];
  const bool was_added = first.op == policy::FieldEdit::Op::kAdd;
  const policy::FieldEdit::Op op = was_added ? first.op : edit.op;
  std::string old_value = std::move(first.old_value);
  first = std::move(edit);
  first.op = op;
  first.old_value = std::move(old_value);
}

void Report::DropEdits(std::span<const kube::ObjectId> objects) {
  std::vector<policy::FieldEdit> kept;
  for (policy::FieldEdit& edit : edits) {
    const bool drop = std::ranges::find(objects, edit.object) != objects.end();
    if (!drop) kept.push_back(std::move(edit));
  }
  edits.clear();
  rows_.clear();
  for (policy::FieldEdit& edit : kept) AddEdit(std::move(edit));
}

std::string PrintJson(const Report& report) {
  Json json = {{"apiVersion", "cloudlab.dev/report/v1"},
               {"exitCode", report.exit_code},
               {"source", report.source},
               {"environment", report.environment},
               {"namespace", report.ns},
               {"kubeVersion", report.kube_version},
               {"documents",
                {{"total", report.documents},
                 {"edited", report.edited},
                 {"added", report.added.size()},
                 {"removed", report.removed.size()},
                 {"refused", report.refused}}}};
  const auto list = [&json](const char* name) -> Json& { return json[name] = Json::array(); };
  Json& policies = list("policies");
  for (const PolicyCount& p : report.policies) {
    policies.push_back(
        {{"name", p.name}, {"kind", p.kind}, {"selected", p.selected}, {"changed", p.changed}});
  }
  Json& edits = list("edits");
  for (const auto& edit : report.edits) edits.push_back(ToJson(edit));
  Json& added = list("added");
  for (const auto& row : report.added) added.push_back(ToJson(row, true));
  Json& removed = list("removed");
  for (const auto& row : report.removed) removed.push_back(ToJson(row, false));
  Json& skips = list("skips");
  for (const auto& skip : report.skips) skips.push_back(ToJson(skip));
  Json& diagnostics = list("diagnostics");
  Places places;
  for (const auto& d : report.diagnostics.items()) diagnostics.push_back(ToJson(d, places));
  json["network"] = ToJson(report.network);
  Json& secrets = list("secrets");
  for (const SecretRow& row : report.secrets) {
    secrets.push_back({{"object", ToJson(row.object)},
                       {"path", row.path},
                       {"score", row.score},
                       {"action", row.action},
                       {"remoteKey", row.remote_key}});
  }
  Json& proofs = list("proofs");
  for (const auto& proof : report.proofs) {
    proofs.push_back({{"name", proof.name}, {"passed", proof.passed}});
  }
  constexpr int kIndent = 1;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cloudlab::app
