// Work on many items with all cores. Items do not depend on one another, so each is one thread's
// alone; what the threads find is put together in the order of the items afterwards, so that the
// result is the same with any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
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

/// Puts lists together in the order of their numbers, each as soon as those before it are there:
/// their memory is of use again while others are still being made.
template <typename Found>
class Collector {
 public:
  explicit Collector(std::size_t lists) : lists_(lists) {}

  void Add(std::size_t number, std::vector<Found> list) {
    const std::lock_guard lock(mutex_);
    lists_[number] = std::move(list);
    for (; next_ < lists_.size() && lists_[next_]; ++next_) {
      if (all_.empty()) {
        all_ = *std::move(lists_[next_]);
      } else {
        std::ranges::move(*lists_[next_], std::back_inserter(all_));
      }
      lists_[next_].reset();
    }
  }

  std::vector<Found> Take() { return std::move(all_); }

 private:
  std::mutex mutex_;
  std::vector<std::optional<std::vector<Found>>> lists_;
  std::size_t next_ = 0;  // The list that all_ waits for.
  std::vector<Found> all_;
};

/// Calls work(number, found) for every number below `count`, chunk by chunk as above, and returns
/// what they added to `found`, in the order of the numbers.
template <typename Found, typename Work>
std::vector<Found> CollectFromChunks(std::size_t count, const Work& work) {
  Collector<Found> collector(ChunkCount(count));
  ForEachChunk(count, [&](std::size_t chunk, std::size_t begin, std::size_t end) {
    std::vector<Found> found;
    for (std::size_t i = begin; i < end; ++i) work(i, found);
    collector.Add(chunk, std::move(found));
  });
  return collector.Take();
}

}  // namespace cloudlab
