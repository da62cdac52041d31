// Each wish becomes an intended change and a row in one step. Walking down a path stops where the
// manifest ends; the rest is created by the ChangeSet, which also notices when two policies differ.
#include "policy/proposal.hpp"

#include <utility>

#include "policy/mask.hpp"
#include "yaml/render.hpp"
#include "yaml/scalar.hpp"

namespace cloudlab::policy {
namespace {

bool ReadsAsString(const yaml::Value& scalar) {
  return scalar.kind() == yaml::Value::Kind::kString || !yaml::IsCoreNonString(scalar.text());
}

/// True if both are read as the same content: the order of keys does not matter, nor does a literal
/// that is a string anyway (500m).
bool Same(const yaml::Value& a, const yaml::Value& b) {
  std::vector<std::pair<const yaml::Value*, const yaml::Value*>> work = {{&a, &b}};
  while (!work.empty()) {
    const auto [left, right] = work.back();
    work.pop_back();
    if (left->IsScalar() && right->IsScalar()) {
      if (left->text() != right->text() || ReadsAsString(*left) != ReadsAsString(*right)) {
        return false;
      }
    } else if (left->IsMap() && right->IsMap()) {
      if (left->entries().size() != right->entries().size()) return false;
      for (const auto& [key, value] : left->entries()) {
        const yaml::Value* other = right->Find(key);
        if (other == nullptr) return false;
        work.emplace_back(&value, other);
      }
    } else if (left->IsSeq() && right->IsSeq()) {
      if (left->items().size() != right->items().size()) return false;
      for (std::size_t i = 0; i < left->items().size(); ++i) {
        work.emplace_back(&left->items()[i], &right->items()[i]);
      }
    } else {
      return false;
    }
  }
  return true;
}

/// True if something can be put below `node`: a map, or nothing yet.
bool CanHold(yaml::NodeView node) { return node.IsMap() || node.IsNull(); }

}  // namespace

Proposal::Proposal(const kube::Manifest& manifest, std::string policy, yaml::Owner owner,
                   yaml::ChangeSet& changes, bool explain)
    : manifest_(manifest),
      policy_(std::move(policy)),
      owner_(owner),
      changes_(changes),
      explain_(explain) {}

/// A value for a row: scalars as text, collections in flow style, secrets masked.
std::string Proposal::RowText(std::string_view name, const yaml::Value& value) const {
  if (!explain_) return {};
  if (value.IsScalar()) return MaskText(name, value.text());
  return yaml::RenderFlow(MaskValue(name, value), /*json=*/false);
}

std::string Proposal::OldText(std::string_view name, const yaml::Value& value) const {
  return conceals_ && explain_ ? std::string(kMask) : RowText(name, value);
}

void Proposal::AddRow(FieldEdit::Op op, const Place& place, std::string old_value,
                      std::string new_value, const Origin& origin) {
  if (!explain_) {
    edits_.resize(1);
    return;
  }
  FieldEdit row;
  row.object = manifest_.id;
  row.path = TextOf(place);
  row.op = op;
  row.old_value = std::move(old_value);
  row.new_value = std::move(new_value);
  row.policy = policy_;
  row.profile = origin.profile;
  row.override = origin.override;
  edits_.push_back(std::move(row));
}

bool Proposal::Accept(std::optional<yaml::Clash> clash, const Place& place) {
  if (!clash) return true;
  conflicts_.push_back({*std::move(clash), TextOf(place)});
  return false;
}

std::string Proposal::TextOf(const Place& place) {
  std::string text = PathOf(place.map);
  for (const std::string& key : place.keys) kube::AppendKey(text, key);
  return text.append(place.item);
}

const std::string& Proposal::PathOf(yaml::NodeView node) {
  if (!last_node_ || last_node_ != node) {
    last_node_ = node;
    last_path_ = kube::FieldPath(manifest_.root, node);
  }
  return last_path_;
}

Proposal::Walk Proposal::WalkDown(yaml::NodeView map, const std::vector<std::string>& path) {
  Walk walk{map, 0};
  while (walk.done < path.size()) {
    const yaml::NodeView child = walk.at.Find(path[walk.done]);
    if (!child) break;
    walk.at = child;
    ++walk.done;
  }
  return walk;
}

void Proposal::Replace(yaml::NodeView node, yaml::Value value, const Origin& origin) {
  ReplaceAt(node, {node}, std::move(value), origin);
}

void Proposal::ReplaceAt(yaml::NodeView node, const Place& place, yaml::Value value,
                         const Origin& origin) {
  const yaml::Value old = yaml::Value::From(node);
  if (Same(old, value)) return Claim(node);
  const std::string name = explain_ ? SecretName(node) : std::string();
  std::string new_text = RowText(name, value);
  if (!Accept(ClashInside(node), place)) return;
  if (!Accept(changes_.Replace(node.id(), std::move(value), owner_), place)) return;
  AddRow(FieldEdit::Op::kReplace, place, OldText(name, old), std::move(new_text), origin);
}

void Proposal::Claim(yaml::NodeView map, const std::vector<std::string>& path) {
  std::size_t done = 0;
  for (; done < path.size(); ++done) {
    const yaml::NodeView child = map.Find(path[done]);
    if (!child) break;
    map = child;
  }
  const std::vector<std::string> missing(path.begin() + static_cast<std::ptrdiff_t>(done),
                                         path.end());
  std::optional<yaml::Clash> clash = ClashAround(map);
  if (!clash) clash = changes_.Claim(map.id(), missing, owner_);
  Accept(std::move(clash), {map, missing});
}

void Proposal::State(std::string container, std::string_view side, std::string_view resource,
                     kube::Quantity value) {
  std::string field = std::string(side) + "." + std::string(resource);
  stated_.push_back({manifest_.id, std::move(container), std::move(field), value, owner_});
}

void Proposal::Contradict(const StatedResource& other, yaml::NodeView map,
                          const std::vector<std::string>& path) {
  conflicts_.push_back({yaml::Clash{map.id(), "", other.owner, owner_}, TextOf({map, path}),
                        "leave it out of one of them, or let the tier Keep it (`conflicts`)"});
}

std::optional<yaml::Clash> Proposal::ClashInside(yaml::NodeView node) const {
  const auto owner = changes_.FindClaim(node.id(), node.outline().SubtreeEnd(node.id()));
  if (!owner) return std::nullopt;
  return yaml::Clash{node.id(), "", *owner, owner_};
}

std::optional<yaml::Clash> Proposal::ClashAround(yaml::NodeView node) const {
  if (changes_.empty()) return std::nullopt;
  for (node = node.parent(); node; node = node.parent()) {
    const yaml::NodeChange* change = changes_.Find(node.id());
    if (change == nullptr || !(change->replace || change->remove)) continue;
    return yaml::Clash{node.id(), "", change->owner, owner_};
  }
  return std::nullopt;
}

void Proposal::Put(yaml::NodeView map, const std::vector<std::string>& path, yaml::Value value,
                   const Origin& origin) {
  const Place place{map, path};
  const Walk walk = WalkDown(map, path);
  if (walk.done == path.size()) return ReplaceAt(walk.at, place, std::move(value), origin);
  if (!CanHold(walk.at)) return RefuseShape(walk, place, "a map");
  const std::vector<std::string> missing(path.begin() + static_cast<std::ptrdiff_t>(walk.done),
                                         path.end());
  std::string new_text = RowText(missing.back(), value);
  if (!Accept(changes_.Put(walk.at.id(), missing, std::move(value), owner_), place)) return;
  AddRow(FieldEdit::Op::kAdd, place, "", std::move(new_text), origin);
}

void Proposal::Append(yaml::NodeView map, const std::vector<std::string>& path, yaml::Value item,
                      yaml::ItemPlace place, const Origin& origin) {
  const Place list{map, path};
  const Walk walk = WalkDown(map, path);
  std::string new_text = RowText(path.back(), item);
  const yaml::Value* name = item.IsMap() ? item.Find("name") : nullptr;
  const std::string segment = name == nullptr ? "[-]" : "[name=" + name->text() + "]";
  if (walk.done == path.size()) {
    if (!walk.at.IsSeq() && !walk.at.IsNull()) return RefuseShape(walk, list, "a list");
    if (!Accept(changes_.Append(walk.at.id(), std::move(item), owner_, place), list)) return;
  } else {
    if (!CanHold(walk.at)) return RefuseShape(walk, list, "a map");
    const std::vector<std::string> missing(path.begin() + static_cast<std::ptrdiff_t>(walk.done),
                                           path.end());
    if (!Accept(changes_.Append(walk.at.id(), missing, std::move(item), owner_), list)) return;
  }
  AddRow(FieldEdit::Op::kAdd, {map, path, segment}, "", std::move(new_text), origin);
}

void Proposal::Remove(yaml::NodeView node, const Origin& origin) {
  std::string old_text = explain_ ? OldText(SecretName(node), yaml::Value::From(node)) : "";
  if (!Accept(ClashInside(node), {node})) return;
  if (!Accept(changes_.Remove(node.id(), owner_), {node})) return;
  AddRow(FieldEdit::Op::kRemove, {node}, std::move(old_text), "", origin);
}

void Proposal::RefuseShape(const Walk& walk, const Place& place, const std::string& wanted) {
  AddFinding(text::Severity::kError, "CL-P-SHAPE",
             TextOf({place.map, place.keys.first(walk.done)}) + " of the manifest is not " +
                 wanted + "; the policy " + policy_ + " cannot add to it",
             walk.at, "correct the chart");
}

void Proposal::AddObject(yaml::Value content, kube::ObjectId id, bool named_in_policy) {
  objects_.push_back({std::move(content), std::move(id), manifest_.id, manifest_.document, policy_,
                      named_in_policy});
}

void Proposal::AddSkip(std::string code, std::string message) {
  skips_.push_back({manifest_.id, policy_, std::move(code), std::move(message)});
}

void Proposal::AddFinding(text::Severity severity, std::string code, std::string message,
                          yaml::NodeView node, std::string hint) {
  if (!explain_ && severity == text::Severity::kInfo) return;
  Finding finding;
  finding.diagnostic.severity = severity;
  finding.diagnostic.code = std::move(code);
  finding.diagnostic.message = std::move(message);
  finding.diagnostic.object = manifest_.id.Display();
  finding.diagnostic.hint = std::move(hint);
  finding.node = node;
  findings_.push_back(std::move(finding));
}

text::Diagnostic DescribeConflict(const Proposal::Conflict& conflict, const kube::ObjectId& object,
                                  std::span<const std::string> owners) {
  const auto name = [&](yaml::Owner owner) {
    const auto at = static_cast<std::size_t>(owner);
    return at < owners.size() ? owners[at] : std::string("?");
  };
  const std::string first = name(conflict.clash.first);
  const std::string second = name(conflict.clash.second);
  text::Diagnostic error;
  error.code = "CL-P-CONFLICT";
  error.object = object.Display();
  error.message = first == second
                      ? "the policy " + first + " wants two different values at " + conflict.path
                      : "the policies " + first + " and " + second + " want different values at " +
                            conflict.path;
  error.hint = conflict.hint;
  return error;
}

}  // namespace cloudlab::policy
