// What a comparison says, and that it leads from the one tree to the other: by an interpreter of
// RFC 6902 that knows nothing of how the operations were made.
#include "yaml/json_patch.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "yaml/render.hpp"

namespace cloudlab::yaml {
namespace {

Value Read(const std::string& text) {
  const ScanResult scan = Scan(text);
  REQUIRE_FALSE(scan.problem);
  return Value::From(NodeView::Root(scan.outline));
}

/// The operations, one per line.
std::string Patch(const std::string& before, const std::string& after) {
  std::string out;
  for (const Value& operation : JsonPatch(Read(before), Read(after))) {
    out += RenderFlow(operation, false) + "\n";
  }
  return out;
}

/// The words of a JSON pointer.
std::vector<std::string> Words(const std::string& path) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '/') {
      words.emplace_back();
    } else if (path[i] == '~') {
      words.back() += path[++i] == '0' ? '~' : '/';
    } else {
      words.back() += path[i];
    }
  }
  return words;
}

/// Applies one operation; false if it does not hold.
bool Apply(const Value& operation, Value& tree) {
  const std::string op = operation.Find("op")->text();
  const Value* value = operation.Find("value");
  std::vector<std::string> words = Words(operation.Find("path")->text());
  const std::string last = words.back();
  words.pop_back();
  Value* at = &tree;
  for (const std::string& word : words) {
    if (at->IsSeq() && std::stoul(word) >= at->items().size()) return false;
    at = at->IsSeq() ? &at->mutable_items()[std::stoul(word)] : at->Find(word);
    if (at == nullptr) return false;
  }
  if (at->IsMap()) {
    const Value* old = at->Find(last);
    if (op == "test") return (old == nullptr ? Value::Null() : *old) == *value;
    if (op != "add" && old == nullptr) return false;
    if (op == "remove") {
      at->Erase(last);
    } else {
      at->Put(last, *value);
    }
    return true;
  }
  std::vector<Value> items = at->items();
  const std::size_t index = last == "-" ? items.size() : std::stoul(last);
  if (index > items.size() || (op != "add" && index == items.size())) return false;
  const auto place = items.begin() + static_cast<std::ptrdiff_t>(index);
  if (op == "test") return *place == *value;
  if (op == "add") items.insert(place, *value);
  if (op == "remove") items.erase(place);
  if (op == "replace") *place = *value;
  *at = Value::Seq(std::move(items));
  return true;
}

/// `tree` without keys whose value is null, its keys in order.
Value Normal(const Value& tree) {
  if (tree.IsSeq()) {
    Value out = Value::Seq();
    for (const Value& item : tree.items()) out.Append(Normal(item));
    return out;
  }
  if (!tree.IsMap()) return tree;
  std::vector<std::string> keys;
  for (const auto& [key, value] : tree.entries()) {
    if (value != Value::Null()) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  Value out;
  for (const std::string& key : keys) out.Put(key, Normal(*tree.Find(key)));
  return out;
}

TEST_CASE("json patch: what is equal needs none") {
  CHECK(Patch("a: [1, {b: x}]\n", "a:\n- 1\n- b: 'x'\n").empty());
  CHECK(Patch("a: null\nb: 1\n", "b: 1\n").empty());
}

TEST_CASE("json patch: keys come, go and change") {
  CHECK(Patch("a: 1\nb: 2\n", "b: 3\nc: {d: x}\n") ==
        "{op: remove, path: /a}\n"
        "{op: replace, path: /b, value: 3}\n"
        "{op: test, path: /c, value: null}\n"
        "{op: add, path: /c, value: {d: x}}\n");
}

TEST_CASE("json patch: a null is nothing") {
  CHECK(Patch("limits: null\n", "limits: {cpu: 1}\n") ==
        "{op: test, path: /limits, value: null}\n"
        "{op: add, path: /limits, value: {cpu: 1}}\n");
}

TEST_CASE("json patch: slashes and tildes in keys are escaped") {
  CHECK(Patch("{}\n", "a/b~c: x\n") ==
        "{op: test, path: /a~1b~0c, value: null}\n"
        "{op: add, path: /a~1b~0c, value: x}\n");
}

TEST_CASE("json patch: ahead of what is done to a named item its name is tested, once") {
  CHECK(Patch("c:\n- {name: a, x: 1}\n- {name: b, x: 1}\n",
              "c:\n- {name: a, x: 1}\n- {name: b, x: 2, y: 3}\n") ==
        "{op: test, path: /c/1/name, value: b}\n"
        "{op: replace, path: /c/1/x, value: 2}\n"
        "{op: test, path: /c/1/y, value: null}\n"
        "{op: add, path: /c/1/y, value: 3}\n");
}

TEST_CASE("json patch: an item in front moves the others; what is behind them comes last") {
  CHECK(Patch("env:\n- {name: URL, value: secret}\n",
              "env:\n- {name: PASSWORD, value: p}\n- {name: USER, value: u}\n"
              "- {name: URL, value: ref}\n- {name: TAIL, value: t}\n") ==
        "{op: test, path: /env/0/name, value: URL}\n"
        "{op: add, path: /env/0, value: {name: PASSWORD, value: p}}\n"
        "{op: add, path: /env/1, value: {name: USER, value: u}}\n"
        "{op: add, path: /env/-, value: {name: TAIL, value: t}}\n"
        "{op: test, path: /env/2/name, value: URL}\n"
        "{op: replace, path: /env/2/value, value: ref}\n");
}

TEST_CASE("json patch: items leave and change places") {
  CHECK(Patch("l: [{name: a}, {name: b}, {name: c}]\n", "l: [{name: b}, {name: a}]\n") ==
        "{op: test, path: /l/0/name, value: a}\n"
        "{op: remove, path: /l/0}\n"
        "{op: test, path: /l/1/name, value: c}\n"
        "{op: replace, path: /l/1, value: {name: a}}\n");
  CHECK(Patch("l: [{name: a}, {name: b}, {name: c}]\n", "l: [{name: c}]\n") ==
        "{op: test, path: /l/0/name, value: a}\n"
        "{op: remove, path: /l/0}\n"
        "{op: test, path: /l/0/name, value: b}\n"
        "{op: remove, path: /l/0}\n");
}

TEST_CASE("json patch: an item without a name is replaced in its place, the old one not quoted") {
  CHECK(Patch("args: [--a, --password=hunter22, --b]\n", "args: [--a, --password=$(P), --b]\n") ==
        "{op: replace, path: /args/1, value: --password=$(P)}\n");
  CHECK(Patch("ports: [{port: 1, x: 1}]\n", "ports: [{port: 1, x: 2}]\n") ==
        "{op: replace, path: /ports/0/x, value: 2}\n");
}

TEST_CASE("json patch: another kind of value replaces the old one") {
  CHECK(Patch("a: {b: 1}\n", "a: [1]\n") == "{op: replace, path: /a, value: [1]}\n");
}

TEST_CASE("json patch: a changed tree fails, it is not patched at the wrong place") {
  const std::string before = "c:\n- {name: a}\n";
  const std::vector<Value> operations =
      JsonPatch(Read(before), Read("c:\n- {name: a, r: {cpu: 1}}\ni: [x]\n"));
  for (const char* changed : {"c:\n- {name: proxy}\n- {name: a}\n", "c:\n- {name: a, r: {}}\n",
                              "c:\n- {name: a}\ni: [y]\n"}) {
    Value tree = Read(changed);
    bool held = true;
    for (const Value& operation : operations) held = held && Apply(operation, tree);
    CHECK_FALSE(held);
  }
}

/// A tree of few words, so that many of two are equal.
class Trees {
 public:
  explicit Trees(unsigned seed) : random_(seed) {}

  Value Make(int depth) {
    static const char* const kWords[] = {"name", "a", "b/c", "d~e", "f"};
    const unsigned kind = Next(depth > 0 ? 6 : 3);
    if (kind == 0) return Value::Null();
    if (kind <= 2) return Value::String(kWords[Next(5)]);
    Value out = kind <= 4 ? Value::Map() : Value::Seq();
    for (unsigned count = Next(5); count > 0; --count) {
      if (out.IsMap()) {
        out.Put(kWords[Next(5)], Make(depth - 1));
      } else {
        out.Append(Make(depth - 1));
      }
    }
    return out;
  }

 private:
  unsigned Next(unsigned end) { return static_cast<unsigned>(random_() % end); }
  std::mt19937 random_;
};

TEST_CASE("json patch: 20,000 pairs of trees, each led from one to the other") {
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    Trees trees(seed);
    const Value before = Value::Map({{"root", trees.Make(4)}});
    const Value after = Value::Map({{"root", trees.Make(4)}});
    Value tree = before;
    bool held = true;
    for (const Value& operation : JsonPatch(before, after)) {
      held = held && Apply(operation, tree);
    }
    INFO(seed << "\n" << RenderFlow(before, true) << "\n" << RenderFlow(after, true));
    REQUIRE(held);
    REQUIRE(RenderFlow(Normal(tree), true) == RenderFlow(Normal(after), true));
  }
}

}  // namespace
}  // namespace cloudlab::yaml
