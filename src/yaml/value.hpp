// New content: a small ordered tree that policies build and surgery writes.
//
// Never a copy of existing text. A String is quoted when written if YAML 1.1 or 1.2 would read
// it as anything else; a Literal (number, boolean, null, quantity) is written as it is.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
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
  struct NewEntry;
  static Value Map(std::initializer_list<NewEntry> entries = {});
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
  const std::string& text() const { return Content<std::string>(); }
  /// The entries of a map; none of anything else.
  const std::vector<Entry>& entries() const { return Content<std::vector<Entry>>(); }
  /// The items of a sequence; none of anything else.
  const std::vector<Value>& items() const { return Content<std::vector<Value>>(); }
  /// The same, to change each of them in place.
  std::span<Entry> mutable_entries();
  std::span<Value> mutable_items();

  /// The value of `key` in this map, or null.
  const Value* Find(std::string_view key) const;
  Value* Find(std::string_view key);
  /// Sets `key`, at the end if it is new; returns the place of the value.
  Value& Put(std::string key, Value value);
  /// Takes `key` out of this map, if it is there.
  void Erase(std::string_view key);
  /// Adds an item to this sequence.
  void Append(Value item);

  friend bool operator==(const Value&, const Value&) = default;

 private:
  template <typename T>
  const T& Content() const {
    if (const T* content = std::get_if<T>(&content_)) return *content;
    static const T none;
    return none;
  }

  Kind kind_ = Kind::kMap;
  // Of a String or Literal its text.
  std::variant<std::vector<Entry>, std::vector<Value>, std::string> content_;
};

/// An entry on its way into a map: an initializer list hands out constants, and a value that is
/// built on the spot should be moved all the same.
struct Value::NewEntry {
  std::string key;
  mutable Value value;
};

/// True if the YAML 1.2 core schema reads the plain scalar `text` as null, a boolean or a number.
bool IsCoreNonString(std::string_view text);

}  // namespace cloudlab::yaml
