// Edit sets: what they refuse, in which order they splice, and the maps between old and new
// offsets, also against a naive model and random edits.
#include "text/edit.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace cloudlab::text {
namespace {

/// A set of edits that do not overlap.
EditSet Set(const std::vector<Edit>& edits) {
  EditSet set;
  for (const Edit& edit : edits) REQUIRE_FALSE(set.Add(edit));
  return set;
}

TEST_CASE("edit: replace, insert and remove in one splice") {
  const EditSet set = Set({{{4, 7}, "two"}, {{0, 0}, ">"}, {{7, 11}, ""}});
  CHECK(set.Apply("one 222 333 four") == ">one two four");
}

TEST_CASE("edit: an empty set keeps the text") {
  CHECK(EditSet().Apply("text") == "text");
  CHECK(EditSet().Kept(4) == std::vector<Piece>{{0, 0, 4}});
  CHECK(EditSet().Kept(0).empty());
}

TEST_CASE("edit: an overlap is refused and leaves the set as it was") {
  EditSet set = Set({{{2, 6}, "x"}});
  for (const Span span : {Span{2, 6}, {0, 3}, {5, 9}, {3, 4}, {0, 9}, {3, 3}, {2, 3}}) {
    INFO(span.begin << "-" << span.end);
    const auto other = set.Add({span, "y"});
    REQUIRE(other);
    CHECK(other->span == Span{2, 6});
    CHECK(other->text == "x");
  }
  CHECK(set.Apply("0123456789") == "01x6789");
}

TEST_CASE("edit: a replacement over an insertion is refused") {
  EditSet set = Set({{{4, 4}, "+"}});
  CHECK(set.Add({{3, 5}, "x"}));
  CHECK_FALSE(set.Add({{4, 5}, "x"}));
  CHECK_FALSE(set.Add({{3, 4}, "y"}));
  CHECK(set.Apply("0123456") == "012y+x56");
}

TEST_CASE("edit: edits may touch") {
  CHECK(Set({{{0, 2}, "a"}, {{2, 4}, "b"}}).Apply("0123") == "ab");
  CHECK(Set({{{2, 4}, "b"}, {{0, 2}, "a"}}).Apply("0123") == "ab");
}

TEST_CASE("edit: insertions at one offset keep the order of their calls") {
  CHECK(Set({{{1, 1}, "a"}, {{1, 1}, "b"}, {{1, 1}, "c"}}).Apply("01") == "0abc1");
}

TEST_CASE("edit: an insertion at the border of a replacement goes outside it") {
  CHECK(Set({{{1, 3}, "-"}, {{1, 1}, "<"}, {{3, 3}, ">"}}).Apply("0123") == "0<->3");
  CHECK(Set({{{1, 1}, "<"}, {{3, 3}, ">"}, {{1, 3}, "-"}}).Apply("0123") == "0<->3");
}

TEST_CASE("edit: edits at both ends of the text") {
  CHECK(Set({{{0, 0}, "<"}, {{4, 4}, ">"}}).Apply("text") == "<text>");
  CHECK(Set({{{0, 4}, ""}}).Apply("text").empty());
  CHECK(Set({{{0, 0}, "new"}}).Apply("") == "new");
}

TEST_CASE("edit: what is kept, and where it came from") {
  const auto kept = Set({{{2, 4}, "xyz"}, {{6, 6}, "!"}}).Kept(8);  // 01xyz45!67
  CHECK(kept == std::vector<Piece>{{0, 0, 2}, {4, 5, 2}, {6, 8, 2}});
  CHECK(MapBack(kept, 1) == 1U);
  CHECK(MapBack(kept, 2) == std::nullopt);  // Inserted.
  CHECK(MapBack(kept, 5) == 4U);
  CHECK(MapBack(kept, 7) == std::nullopt);
  CHECK(MapBack(kept, 9) == 7U);
  CHECK(MapBack(kept, 10) == std::nullopt);  // Behind the end.
}

TEST_CASE("edit: two splices in a row are one") {
  const auto first = Set({{{0, 2}, "ab"}}).Kept(6);  // ab2345
  const auto second = Set({{{3, 4}, ""}}).Kept(6);   // ab245
  CHECK(Compose(first, second) == std::vector<Piece>{{2, 2, 1}, {4, 3, 2}});
  CHECK(Compose({}, second).empty());
  CHECK(Compose(first, {}).empty());
}

/// A text whose every byte knows where it came from: the model of all the above.
struct Model {
  std::string text;
  std::vector<std::optional<std::uint32_t>> origin;

  void Splice(const EditSet& set) {
    for (auto edit = set.edits().rbegin(); edit != set.edits().rend(); ++edit) {
      const auto [begin, end] = edit->span;
      text.replace(begin, end - begin, edit->text);
      origin.erase(origin.begin() + begin, origin.begin() + end);
      origin.insert(origin.begin() + begin, edit->text.size(), std::nullopt);
    }
  }
};

TEST_CASE("edit: random splices agree with a naive model") {
  std::mt19937 random(7);
  const auto below = [&random](std::size_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  const auto random_set = [&](std::size_t size) {
    EditSet set;
    for (std::uint32_t i = below(6); i > 0; --i) {
      const std::uint32_t begin = below(size + 1);
      const std::uint32_t end = begin + below(std::min<std::size_t>(size - begin, 4) + 1);
      (void)set.Add({{begin, end}, std::string(below(4), static_cast<char>('A' + below(26)))});
    }
    return set;
  };
  for (int round = 0; round < 20'000; ++round) {
    Model model;
    for (std::uint32_t i = 0; i < below(30); ++i) {
      model.text.push_back(static_cast<char>('a' + below(26)));
      model.origin.emplace_back(static_cast<std::uint32_t>(model.origin.size()));
    }
    const std::string original = model.text;
    const EditSet first = random_set(original.size());
    const std::string middle = first.Apply(original);
    const EditSet second = random_set(middle.size());
    const std::string result = second.Apply(middle);
    model.Splice(first);
    REQUIRE(model.text == middle);
    model.Splice(second);
    REQUIRE(model.text == result);

    const auto pieces = Compose(first.Kept(original.size()), second.Kept(middle.size()));
    for (std::uint32_t at = 0; at <= result.size(); ++at) {
      const auto expected = at < result.size() ? model.origin[at] : std::nullopt;
      REQUIRE(MapBack(pieces, at) == expected);
      if (expected) REQUIRE(original[*expected] == result[at]);
    }
  }
}

TEST_CASE("edit: whatever is refused overlaps, and nothing else") {
  std::mt19937 random(8);
  const auto below = [&random](std::size_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  const auto overlap = [](Span a, Span b) {
    if (a.empty() && b.empty()) return false;
    return a.begin < b.end && b.begin < a.end;
  };
  for (int round = 0; round < 20'000; ++round) {
    EditSet set;
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t begin = below(12);
      const Span span{begin, begin + below(4)};
      bool expected = false;
      for (const Edit& edit : set.edits()) expected = expected || overlap(span, edit.span);
      REQUIRE(set.Add({span, "x"}).has_value() == expected);
    }
  }
}

}  // namespace
}  // namespace cloudlab::text
