// Work on many items with all cores. Items do not depend on one another, so each is one thread's
// alone; what the threads find is put together in the order of the items afterwards, so that the
// result is the same with any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>

namespace cloudlab {

/// How many items a thread takes at a time. Streams are sorted by kind, so equal parts of the
/// stream are unequal amounts of work.
inline constexpr std::size_t kChunk = 128;

/// The number of chunks that `count` items make.
inline std::size_t ChunkCount(std::size_t count) { return (count + kChunk - 1) / kChunk; }

/// Calls work(number) for every number below `count`, on as many threads as are of use; one task is
/// done on this one. Returns when all is done. An exception in one thread is thrown here.
void ForEachTask(std::size_t count, const std::function<void(std::size_t)>& work);

/// Calls work(chunk, begin, end) once for every chunk of [0, count), as ForEachTask() does.
void ForEachChunk(std::size_t count,
                  const std::function<void(std::size_t, std::size_t, std::size_t)>& work);

/// Calls work(number, found) for every number below `count`, chunk by chunk as above, and returns
/// what they added to `found`, in the order of the numbers.
template <typename Found, typename Work>
std::vector<Found> CollectFromChunks(std::size_t count, const Work& work) {
  std::vector<std::vector<Found>> chunks(ChunkCount(count));
  ForEachChunk(count, [&](std::size_t chunk, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) work(i, chunks[chunk]);
  });
  if (chunks.size() == 1) return std::move(chunks.front());
  std::size_t total = 0;
  for (const auto& chunk : chunks) total += chunk.size();
  std::vector<Found> all;
  all.reserve(total);
  for (auto& chunk : chunks) {
    std::ranges::move(chunk, std::back_inserter(all));
    chunk = {};
  }
  return all;
}

}  // namespace cloudlab
