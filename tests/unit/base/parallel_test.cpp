#include "base/parallel.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

namespace cloudlab {
namespace {

TEST_CASE("every item is worked on once, in chunks of the right place", "[base][parallel]") {
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, kChunk - 1, kChunk, kChunk + 1, 10 * kChunk + 3}) {
    std::vector<int> seen(count, 0);
    std::vector<int> chunks(ChunkCount(count), 0);
    ForEachChunk(count, [&](std::size_t chunk, std::size_t begin, std::size_t end) {
      ++chunks[chunk];
      CHECK(begin == chunk * kChunk);
      for (std::size_t i = begin; i < end; ++i) ++seen[i];
    });
    CHECK(seen == std::vector<int>(count, 1));
    CHECK(chunks == std::vector<int>(ChunkCount(count), 1));
  }
}

TEST_CASE("what chunks find stands in the order of the items", "[base][parallel]") {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kChunk, 7 * kChunk + 3}) {
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < count; i += 3) expected.insert(expected.end(), {i, i});
    const auto found =
        CollectFromChunks<std::size_t>(count, [](std::size_t i, std::vector<std::size_t>& into) {
          if (i % 3 == 0) into.insert(into.end(), {i, i});
        });
    CHECK(found == expected);
  }
}

TEST_CASE("an exception of any chunk reaches the caller", "[base][parallel]") {
  for (const std::size_t bad : {std::size_t{0}, std::size_t{7}, std::size_t{19}}) {
    const auto work = [bad](std::size_t chunk, std::size_t, std::size_t) {
      if (chunk == bad) throw std::runtime_error("chunk " + std::to_string(bad));
    };
    CHECK_THROWS_WITH(ForEachChunk(20 * kChunk, work), "chunk " + std::to_string(bad));
  }
}

}  // namespace
}  // namespace cloudlab
