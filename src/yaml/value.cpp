#include "yaml/value.hpp"

#include <algorithm>

#include "yaml/scalar.hpp"

namespace cloudlab::yaml {
namespace {

bool AllDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool AllOf(std::string_view text, std::string_view set) {
  return !text.empty() && text.find_first_not_of(set) == std::string_view::npos;
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
bool IsDecimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    if (power.starts_with('-') || power.starts_with('+')) power.remove_prefix(1);
    if (!AllDigits(power)) return false;
    text = text.substr(0, exponent);
  }
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return AllDigits(text);
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = text.substr(dot + 1);
  if (whole.empty()) return AllDigits(fraction);
  return AllDigits(whole) && (fraction.empty() || AllDigits(fraction));
}

/// The entries of `node` with merges applied: merged ones first win least.
void CollectEntries(NodeView map, int depth, std::vector<Value::Entry>& out) {
  constexpr int kMaxMergeDepth = 20;
  if (depth > kMaxMergeDepth) return;
  const auto put = [&out](std::string key, Value value, bool overwrite) {
    const auto found = std::ranges::find(out, key, &Value::Entry::first);
    if (found == out.end()) {
      out.emplace_back(std::move(key), std::move(value));
    } else if (overwrite) {
      found->second = std::move(value);
    }
  };
  const auto merge = [&](NodeView source) {
    std::vector<Value::Entry> inherited;
    CollectEntries(source.Resolved(), depth + 1, inherited);
    for (auto& [key, value] : inherited) put(std::move(key), std::move(value), false);
  };
  const NodeView::Children children = map.children();
  out.reserve(out.size() + static_cast<std::size_t>(std::ranges::distance(children)));
  bool merges = false;
  for (const NodeView child : children) {
    const bool is_merge = child.node().key_style == Style::kPlain && child.KeyIs("<<");
    merges = merges || is_merge;
    if (!is_merge) put(child.Key(), Value::From(child), true);
  }
  if (!merges) return;
  for (const NodeView child : children) {
    if (child.node().key_style != Style::kPlain || !child.KeyIs("<<")) continue;
    const NodeView source = child.Resolved();
    if (source.IsMap()) merge(source);
    if (!source.IsSeq()) continue;
    for (const NodeView item : source.children()) merge(item);
  }
}

}  // namespace

bool IsCoreNonString(std::string_view text) {
  // Most texts are words, and their first letter tells.
  if (!text.empty() &&
      std::string_view("~nNtTfF+-.0123456789").find(text.front()) == std::string_view::npos) {
    return false;
  }
  static constexpr std::string_view kWords[] = {"",     "~",    "null",  "Null",  "NULL", "true",
                                                "True", "TRUE", "false", "False", "FALSE"};
  if (std::ranges::find(kWords, text) != std::end(kWords)) return true;
  if (text.starts_with("0x")) return AllOf(text.substr(2), "0123456789abcdefABCDEF");
  if (text.starts_with("0o")) return AllOf(text.substr(2), "01234567");
  std::string_view unsigned_text = text;
  if (text.starts_with('-') || text.starts_with('+')) unsigned_text.remove_prefix(1);
  for (const std::string_view inf : {".inf", ".Inf", ".INF"}) {
    if (unsigned_text == inf) return true;
  }
  for (const std::string_view nan : {".nan", ".NaN", ".NAN"}) {
    if (text == nan) return true;
  }
  return IsDecimal(text);
}

Value Value::String(std::string text) {
  Value value;
  value.kind_ = Kind::kString;
  value.content_ = std::move(text);
  return value;
}

Value Value::Literal(std::string text) {
  Value value;
  value.kind_ = Kind::kLiteral;
  value.content_ = std::move(text);
  return value;
}

Value Value::Int(std::int64_t number) { return Literal(std::to_string(number)); }
Value Value::Bool(bool value) { return Literal(value ? "true" : "false"); }
Value Value::Null() { return Literal("null"); }

Value Value::Map(std::initializer_list<NewEntry> entries) {
  Value value;
  auto& into = std::get<std::vector<Entry>>(value.content_);
  into.reserve(entries.size());
  for (const NewEntry& entry : entries) into.emplace_back(entry.key, std::move(entry.value));
  return value;
}

Value Value::Seq(std::vector<Value> items) {
  Value value;
  value.kind_ = Kind::kSeq;
  value.content_ = std::move(items);
  return value;
}

// Recursion is bounded by the scanner's cap on depth, which counts levels behind aliases too.
Value Value::From(NodeView node) {
  const NodeView at = node.Resolved();
  if (!at) return Null();
  if (at.IsMap()) {
    Value map;
    CollectEntries(at, 0, std::get<std::vector<Entry>>(map.content_));
    return map;
  }
  if (at.IsSeq()) {
    std::vector<Value> items;
    items.reserve(static_cast<std::size_t>(std::ranges::distance(at.children())));
    for (const NodeView item : at.children()) items.push_back(From(item));
    return Seq(std::move(items));
  }
  std::string text = at.Text();
  if (at.node().style == Style::kPlain && !at.node().has_property && IsCoreNonString(text)) {
    return text.empty() ? Null() : Literal(std::move(text));
  }
  return String(std::move(text));
}

bool Value::IsEmptyCollection() const {
  return !IsScalar() && entries().empty() && items().empty();
}

std::span<Value::Entry> Value::mutable_entries() {
  auto* entries = std::get_if<std::vector<Entry>>(&content_);
  return entries == nullptr ? std::span<Entry>() : std::span(*entries);
}

std::span<Value> Value::mutable_items() {
  auto* items = std::get_if<std::vector<Value>>(&content_);
  return items == nullptr ? std::span<Value>() : std::span(*items);
}

const Value* Value::Find(std::string_view key) const {
  const auto found = std::ranges::find(entries(), key, &Entry::first);
  return found == entries().end() ? nullptr : &found->second;
}

Value* Value::Find(std::string_view key) {
  const std::span<Entry> all = mutable_entries();
  const auto found = std::ranges::find(all, key, &Entry::first);
  return found == all.end() ? nullptr : &found->second;
}

Value& Value::Put(std::string key, Value value) {
  if (Value* found = Find(key)) {
    *found = std::move(value);
    return *found;
  }
  return std::get<std::vector<Entry>>(content_)
      .emplace_back(std::move(key), std::move(value))
      .second;
}

void Value::Erase(std::string_view key) {
  if (!IsMap()) return;
  std::erase_if(std::get<std::vector<Entry>>(content_),
                [key](const Entry& entry) { return entry.first == key; });
}

void Value::Append(Value item) {
  std::get<std::vector<Value>>(content_).push_back(std::move(item));
}

}  // namespace cloudlab::yaml
