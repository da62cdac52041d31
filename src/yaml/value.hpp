// New content: a small ordered tree that policies build and surgery writes.
//
// Never a copy of existing text. A String is quoted when written if YAML 1.1 or 1.2 would read
// it as anything else; a Literal (number, boolean, null, quantity) is written as it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yaml/view.hpp"

namespace cloudlab::yaml {

class Value {
 public:
  enum class Kind : std::uint8_t { kString, kLiteral, kMap, kSeq };
  using Entry = std::pair<std::string, Value>;

  /// An empty map.
  Value() = default;

  static Value String(std::string text);
  static Value Literal(std::string text);
  static Value Int(std::int64_t number);
  static Value Bool(bool value);
  static Value Null();
  static Value Map(std::vector<Entry> entries = {});
  static Value Seq(std::vector<Value> items = {});
  /// A copy of what stands at `node`, aliases and merges expanded. Plain scalars that the YAML 1.2
  /// core schema reads as null, boolean or number become Literals; all others Strings.
  static Value From(NodeView node);

  Kind kind() const { return kind_; }
  bool IsMap() const { return kind_ == Kind::kMap; }
  bool IsSeq() const { return kind_ == Kind::kSeq; }
  bool IsScalar() const { return kind_ == Kind::kString || kind_ == Kind::kLiteral; }
  bool IsEmptyCollection() const;

  /// The text of a String or Literal.
  const std::string& text() const { return text_; }
  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<Entry>& entries() { return entries_; }
  const std::vector<Value>& items() const { return items_; }
  std::vector<Value>& items() { return items_; }

  /// The value of `key` in this map, or null.
  const Value* Find(std::string_view key) const;
  Value* Find(std::string_view key);
  /// Sets `key`, at the end if it is new; returns the place of the value.
  Value& Put(std::string key, Value value);
  void Append(Value item) { items_.push_back(std::move(item)); }

  friend bool operator==(const Value&, const Value&) = default;

 private:
  Kind kind_ = Kind::kMap;
  std::string text_;
  std::vector<Entry> entries_;
  std::vector<Value> items_;
};

/// True if the YAML 1.2 core schema reads the plain scalar `text` as null, a boolean or a number.
bool IsCoreNonString(std::string_view text);

}  // namespace cloudlab::yaml
