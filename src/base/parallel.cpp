#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace cloudlab {

void ForEachTask(std::size_t count, const std::function<void(std::size_t)>& work) {
  constexpr std::size_t kMostThreads = 8;
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&] {
    try {
      for (std::size_t number = next++; number < count; number = next++) work(number);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      failure = std::current_exception();
      next = count;
    }
  };
  static const std::size_t kCores = std::max(std::thread::hardware_concurrency(), 1U);
  {
    std::vector<std::jthread> threads;
    threads.reserve(kMostThreads);
    try {
      for (std::size_t i = 1; i < std::min({kCores, count, kMostThreads}); ++i) {
        threads.emplace_back(run);
      }
    } catch (const std::system_error&) {
      // A limit on processes: the threads that there are do the work.
    }
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

void ForEachChunk(std::size_t count,
                  const std::function<void(std::size_t, std::size_t, std::size_t)>& work) {
  ForEachTask(ChunkCount(count), [&](std::size_t chunk) {
    work(chunk, chunk * kChunk, std::min((chunk + 1) * kChunk, count));
  });
}

}  // namespace cloudlab
