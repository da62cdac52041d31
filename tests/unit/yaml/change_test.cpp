// Change sets: how changes of several owners are merged, and when they clash.
#include "yaml/change.hpp"

#include <catch2/catch.hpp>

namespace cloudlab::yaml {
namespace {

TEST_CASE("change: two owners fill one missing map") {
  ChangeSet changes;
  CHECK_FALSE(changes.Put(3, {"resources", "requests", "cpu"}, Value::String("1"), 0));
  CHECK_FALSE(changes.Put(3, {"resources", "requests", "memory"}, Value::String("2"), 1));
  const NodeChange* change = changes.Find(3);
  REQUIRE(change != nullptr);
  REQUIRE(change->entries.size() == 1);
  CHECK(change->entries[0].key == "resources");
  CHECK(change->entries[0].value.Find("requests")->entries().size() == 2);
}

TEST_CASE("change: the same value twice is one change, two values clash") {
  ChangeSet changes;
  CHECK_FALSE(changes.Put(1, {"a", "b"}, Value::Int(1), 0));
  CHECK_FALSE(changes.Put(1, {"a", "b"}, Value::Int(1), 1));
  const auto clash = changes.Put(1, {"a", "b"}, Value::Int(2), 1);
  REQUIRE(clash);
  CHECK((clash->node == 1 && clash->path == "a.b" && clash->first == 0 && clash->second == 1));
  CHECK(changes.Put(1, {"a", "b", "c"}, Value::Int(2), 1));  // `b` is no map.
  CHECK(changes.Put(1, {"a"}, Value::Int(2), 1));

  CHECK_FALSE(changes.Replace(2, Value::Int(1), 0));
  CHECK_FALSE(changes.Replace(2, Value::Int(1), 1));
  CHECK(changes.Replace(2, Value::Int(2), 1));
}

TEST_CASE("change: removing excludes the rest") {
  ChangeSet changes;
  CHECK_FALSE(changes.Remove(1, 0));
  CHECK_FALSE(changes.Remove(1, 1));
  CHECK(changes.Replace(1, Value::Int(1), 1));
  CHECK_FALSE(changes.Put(2, {"a"}, Value::Int(1), 0));
  CHECK(changes.Remove(2, 1));
  CHECK(changes.Removes(1));
  CHECK_FALSE(changes.Removes(2));
}

TEST_CASE("change: a claim edits nothing and clashes with every other value") {
  ChangeSet changes;
  CHECK_FALSE(changes.Claim(1, {}, 0));
  CHECK_FALSE(changes.Claim(1, {}, 1));
  CHECK_FALSE(changes.Claim(2, {"a", "b"}, 0));
  CHECK(changes.empty());
  CHECK(changes.FindClaim(0, 2) == 0);
  CHECK_FALSE(changes.FindClaim(3, 9));
  const auto replaced = changes.Replace(1, Value::Int(1), 1);
  REQUIRE(replaced);
  CHECK((replaced->first == 0 && replaced->second == 1));
  CHECK(changes.Remove(1, 1));
  CHECK(changes.Append(1, Value::Int(1), 1));
  const auto put = changes.Put(2, {"a", "b"}, Value::Int(1), 1);
  REQUIRE(put);
  CHECK(put->path == "a.b");
  CHECK_FALSE(changes.Put(2, {"a", "c"}, Value::Int(1), 1));
  const auto claimed = changes.Claim(2, {"a", "c"}, 0);
  REQUIRE(claimed);
  CHECK((claimed->first == 1 && claimed->second == 0));
  CHECK_FALSE(changes.Replace(3, Value::Int(1), 1));
  CHECK(changes.Claim(3, {}, 0));
  changes.Use(4);
  CHECK((changes.IsWanted(4) && changes.IsWanted(1) && !changes.IsWanted(5)));
  CHECK_FALSE(changes.Replace(4, Value::Int(1), 1));
}

TEST_CASE("change: items below missing keys") {
  ChangeSet changes;
  CHECK_FALSE(changes.Append(0, {"spec", "list"}, Value::String("a"), 0));
  CHECK_FALSE(changes.Append(0, {"spec", "list"}, Value::String("b"), 1));
  CHECK_FALSE(changes.Append(0, {"top"}, Value::String("c"), 1));
  const NodeChange* change = changes.Find(0);
  REQUIRE(change->entries.size() == 2);
  CHECK(change->entries[0].value.Find("list")->items().size() == 2);
  CHECK(change->entries[1].value.IsSeq());
  CHECK_FALSE(changes.Put(0, {"word"}, Value::Int(1), 0));
  CHECK(changes.Append(0, {"word"}, Value::String("d"), 1));
}

}  // namespace
}  // namespace cloudlab::yaml
