// A crew of threads waits for work as long as the program runs: a run makes twenty loops over its
// stream, and some of them inside of others. Whoever starts a loop takes part in it, and helps
// others while it waits for the last tasks of its own.
#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace cloudlab {
namespace {

/// The tasks of one loop. Each is done by whoever takes its number first.
class Job {
 public:
  Job(std::size_t count, const std::function<void(std::size_t)>& work)
      : count_(count), work_(work) {}

  /// Takes tasks until there are no more.
  void Run() {
    try {
      for (std::size_t number = next_++; number < count_; number = next_++) work_(number);
    } catch (...) {
      const std::lock_guard lock(failure_mutex_);
      failure_ = std::current_exception();
      next_ = count_;
    }
  }

  void RethrowFailure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  std::size_t helpers = 0;  ///< Threads of the crew that take part; the crew's to count.

 private:
  const std::size_t count_;
  const std::function<void(std::size_t)>& work_;
  std::atomic<std::size_t> next_ = 0;
  std::exception_ptr failure_;
  std::mutex failure_mutex_;
};

class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
  }

  /// Returns when all tasks of `job` are done; this thread does one at least.
  void Do(Job& job) {
    {
      const std::lock_guard lock(mutex_);
      Muster();
      jobs_.push_back(&job);
    }
    changed_.notify_all();
    job.Run();
    std::unique_lock lock(mutex_);
    std::erase(jobs_, &job);
    HelpUntil(lock, [&] { return job.helpers == 0; });
  }

 private:
  /// Starts the threads with the first job; they and the one that starts it make the crew.
  void Muster() {
    constexpr unsigned kMostThreads = 8;
    if (std::exchange(mustered_, true)) return;
    const unsigned size = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
    threads_.reserve(size);
    try {
      while (threads_.size() + 1 < size) {
        threads_.emplace_back([this] {
          std::unique_lock lock(mutex_);
          HelpUntil(lock, [this] { return ends_; });
        });
      }
    } catch (const std::system_error&) {
      // A limit on processes: the threads that there are do the work.
    }
  }

  /// Takes part in jobs, and sleeps while there are none, until `enough`. The newest job goes
  /// first: an older one may wait for it.
  template <typename Enough>
  void HelpUntil(std::unique_lock<std::mutex>& lock, const Enough& enough) {
    while (true) {
      changed_.wait(lock, [&] { return enough() || !jobs_.empty(); });
      if (enough()) return;
      Job& job = *jobs_.back();
      ++job.helpers;
      lock.unlock();
      job.Run();
      lock.lock();
      std::erase(jobs_, &job);  // Nothing is left of it to be taken.
      if (--job.helpers == 0) changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;  // Jobs have come, helpers have gone, or the crew ends.
  std::vector<Job*> jobs_;           // With tasks that nobody has taken yet.
  bool mustered_ = false;
  bool ends_ = false;
  std::vector<std::jthread> threads_;  // Last, so that they end first.
};

}  // namespace

void ForEachTask(std::size_t count, const std::function<void(std::size_t)>& work) {
  static Crew crew;
  Job job(count, work);
  if (count > 1) {
    crew.Do(job);
  } else {
    job.Run();
  }
  job.RethrowFailure();
}

void ForEachChunk(std::size_t count,
                  const std::function<void(std::size_t, std::size_t, std::size_t)>& work) {
  ForEachTask(ChunkCount(count), [&](std::size_t chunk) {
    work(chunk, chunk * kChunk, std::min((chunk + 1) * kChunk, count));
  });
}

}  // namespace cloudlab
