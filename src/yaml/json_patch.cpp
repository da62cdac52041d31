#include "yaml/json_patch.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloudlab::yaml {
namespace {

using Items = std::span<const Value>;

bool IsNull(const Value& value) {
  return value.kind() == Value::Kind::kLiteral && value == Value::Null();
}

/// The `name` of an item that has one, else null.
const Value* NameOf(const Value& item) {
  const Value* name = item.Find("name");
  return name != nullptr && name->kind() == Value::Kind::kString ? name : nullptr;
}

/// True if `a` has become `b`, or may be taken for it.
bool IsSame(const Value& a, const Value& b) {
  const Value* name = NameOf(a);
  const Value* other = NameOf(b);
  if (name != nullptr && other != nullptr) return *name == *other;
  return a == b;
}

/// True if operations can lead from `a` to `b` key by key or item by item.
bool AreAlike(const Value& a, const Value& b) {
  return (a.IsMap() && b.IsMap()) || (a.IsSeq() && b.IsSeq());
}

bool HasSame(Items items, const Value& item) {
  return std::ranges::any_of(items, [&item](const Value& each) { return IsSame(each, item); });
}

/// The value of `key`, or null. Maps that are compared have nearly the same keys in the same order,
/// so `at` is where it probably stands.
const Value* FindNear(const Value& map, std::size_t at, const std::string& key) {
  const auto& entries = map.entries();
  return at < entries.size() && entries[at].first == key ? &entries[at].second : map.Find(key);
}

std::string Below(const std::string& path, std::string_view key) {
  std::string below = path + "/";
  for (const char c : key) {
    if (c == '~') {
      below += "~0";
    } else if (c == '/') {
      below += "~1";
    } else {
      below += c;
    }
  }
  return below;
}

class Comparison {
 public:
  std::vector<Value> Run(const Value& before, const Value& after) {
    Reach({&before, &after, "", nullptr});
    while (!open_.empty()) {
      const Pair pair = std::move(open_.back());
      open_.pop_back();
      if (pair.name != nullptr) TestName(pair.path, *pair.name);
      const std::size_t first = open_.size();
      if (pair.before->IsMap()) {
        CompareEntries(pair);
      } else {
        CompareItems(pair);
      }
      // The last one is taken next: the order is that of the text.
      std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(first), open_.end());
    }
    return std::move(operations_);
  }

 private:
  /// Two values at one place.
  struct Pair {
    const Value* before;
    const Value* after;
    std::string path;   ///< Of both, once everything has been done that comes before them.
    const Value* name;  ///< Of a named item.
  };

  void Add(const char* operation, std::string path, const Value* value) {
    Value map = Value::Map({{"op", Value::String(operation)}});
    map.Put("path", Value::String(std::move(path)));
    if (value != nullptr) map.Put("value", *value);
    operations_.push_back(std::move(map));
  }

  void TestName(const std::string& item, const Value& name) { Add("test", item + "/name", &name); }

  /// Goes on with a pair that is not equal, or replaces what cannot be compared.
  void Reach(Pair pair) {
    if (*pair.before == *pair.after) return;
    const bool renamed = pair.name != nullptr && !IsSame(*pair.before, *pair.after);
    if (!renamed && AreAlike(*pair.before, *pair.after)) {
      open_.push_back(std::move(pair));
      return;
    }
    if (pair.name != nullptr) TestName(pair.path, *pair.name);
    Add("replace", std::move(pair.path), pair.after);
  }

  void CompareEntries(const Pair& pair) {
    const auto& before = pair.before->entries();
    const auto& after = pair.after->entries();
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto& [key, value] = before[i];
      if (IsNull(value)) continue;
      const Value* kept = FindNear(*pair.after, i, key);
      if (kept == nullptr || IsNull(*kept)) Add("remove", Below(pair.path, key), nullptr);
    }
    for (std::size_t i = 0; i < after.size(); ++i) {
      const auto& [key, value] = after[i];
      if (IsNull(value)) continue;
      const Value* old = FindNear(*pair.before, i, key);
      std::string path = Below(pair.path, key);
      if (old != nullptr && !IsNull(*old)) {
        Reach({old, &value, std::move(path), nullptr});
        continue;
      }
      const Value nothing = Value::Null();
      Add("test", path, &nothing);
      Add("add", std::move(path), &value);
    }
  }

  /// From the left to the right: ahead of `at` the list is as it shall be, from there on it holds
  /// the rest of what it was.
  void CompareItems(const Pair& pair) {
    Items before = pair.before->items();
    Items after = pair.after->items();
    const Value* tested = nullptr;
    for (std::size_t at = 0; !before.empty() || !after.empty();) {
      const std::string path = pair.path + "/" + std::to_string(at);
      const bool both = !before.empty() && !after.empty();
      if (both && (IsSame(before[0], after[0]) || AreExchanged(before, after))) {
        ReachLater({&before[0], &after[0], path, NameOf(before[0])});
        before = before.subspan(1);
      } else if (before.empty()) {
        Add("add", pair.path + "/-", &after[0]);
      } else {
        const Value* name = NameOf(before[0]);
        if (name != nullptr && std::exchange(tested, name) != name) TestName(path, *name);
        if (after.empty() || HasSame(before, after[0])) {
          Add("remove", path, nullptr);
          before = before.subspan(1);
          continue;
        }
        Add("add", path, &after[0]);
      }
      after = after.subspan(1);
      ++at;
    }
    for (Pair& later : later_) Reach(std::move(later));
    later_.clear();
  }

  /// True if the first items have nothing in common and neither stands elsewhere: one has become
  /// the other.
  static bool AreExchanged(Items before, Items after) {
    return !HasSame(after, before[0]) && !HasSame(before, after[0]);
  }

  /// Items are changed when all of them are where they belong: then their indexes hold.
  void ReachLater(Pair pair) {
    if (*pair.before != *pair.after) later_.push_back(std::move(pair));
  }

  std::vector<Pair> open_;
  std::vector<Pair> later_;
  std::vector<Value> operations_;
};

}  // namespace

std::vector<Value> JsonPatch(const Value& before, const Value& after) {
  return Comparison().Run(before, after);
}

}  // namespace cloudlab::yaml
