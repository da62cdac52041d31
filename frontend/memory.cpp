// Memory for a program that runs for a moment and then leaves everything to the system: `new` and
// `delete` without locks and without single page faults. With the C library's they take a quarter
// of the time of a large run (docs/adr/0008-own-memory.md).
//
// A block belongs to one of a few sizes. Every thread keeps the free blocks of each size in a list:
// `delete` puts a block on the list of the thread that it is called in, `new` takes it from there,
// or cuts a new one off the thread's slab. Nothing is ever joined or given back; lists and slab of
// a thread that ends are the next thread's. Blocks beyond kLargest are left to malloc(), which is
// told to keep what is freed, too.
//
// A thread begins with small slabs, for most runs are one small chart. Once these are used up the
// run is a large one, and its slabs are huge pages: one page fault in place of 512, and one entry
// in the processor's list of pages in place of as many (docs/adr/0010-huge-pages.md).
// NOLINTBEGIN(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory): others may do without.
#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <utility>

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kLargest = 32 * kKiB;
constexpr std::size_t kSlab = 256 * kKiB;
constexpr std::size_t kHugePage = 2048 * kKiB;
constexpr std::size_t kRegion = 16 * kHugePage;
/// The slabs that a thread takes before it gets huge pages.
constexpr std::size_t kFirstSlabs = 4;
/// How many regions are huge pages. A system that must first make them out of small ones, or get
/// their memory from its host, is slower with more of them than without.
constexpr std::size_t kHugeRegions = 2;
/// For the same reason only blocks of malloc() up to this size: the input and output of runs that
/// are large, but not of the largest.
constexpr std::size_t kLargestHuge = kRegion;

/// A block begins eight bytes before a multiple of 16, so that what stands behind `kind` is aligned
/// as malloc() would align it.
struct Block {
  std::size_t kind;  // Zero: of malloc().
  Block* next;       // Of the list; where the content stands while the block is in use.
};
constexpr std::size_t kHeader = offsetof(Block, next);
constexpr std::size_t kAlignment = 16;

struct Size {
  std::size_t kind = 0;
  std::size_t bytes = 0;
};

/// The smallest block size that holds `bytes`: multiples of 16 up to 128, then four to a doubling.
constexpr Size SizeFor(std::size_t bytes) {
  const int width = static_cast<int>(std::bit_width(bytes - 1));
  const int shift = std::max(4, width - 3);
  const std::size_t steps = ((bytes - 1) >> shift) + 1;
  return {static_cast<std::size_t>(shift - 4) * 4 + steps, steps << shift};
}

/// What a thread has to itself.
struct Pool {
  std::array<Block*, SizeFor(kLargest).kind + 1> free = {};
  std::byte* at = nullptr;  // The rest of the slab.
  std::byte* end = nullptr;
  std::size_t slabs = 0;  // That it has taken.
  Pool* next = nullptr;
};

/// Asks for huge pages in all places of the memory where one may stand.
void WantHugePages(std::byte* begin, std::byte* end) {
  begin += (kHugePage - reinterpret_cast<std::uintptr_t>(begin) % kHugePage) % kHugePage;
  end -= reinterpret_cast<std::uintptr_t>(end) % kHugePage;
  if (begin < end) madvise(begin, static_cast<std::size_t>(end - begin), MADV_HUGEPAGE);
}

using Slab = std::span<std::byte>;

/// A run of memory that slabs are cut from; it begins where a huge page may begin.
class Region {
 public:
  bool empty() const { return at_ == end_; }

  void Map() {
    void* mapped = mmap(nullptr, kRegion + kHugePage, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    const std::size_t beyond = reinterpret_cast<std::uintptr_t>(mapped) % kHugePage;
    at_ = static_cast<std::byte*>(mapped) + (beyond == 0 ? 0 : kHugePage - beyond);
    end_ = at_ + kRegion;
  }
  void WantHugePages() const { ::WantHugePages(at_, end_); }

  Slab Cut(std::size_t bytes) { return {std::exchange(at_, at_ + bytes), bytes}; }

 private:
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
};

/// Where slabs come from, and the pools of threads that have ended.
class Store {
 public:
  /// A slab for a thread that has taken `taken` of them.
  Slab TakeSlab(std::size_t taken) {
    const std::lock_guard lock(mutex_);
    if (taken >= kFirstSlabs && huge_.empty() && huge_regions_ < kHugeRegions) {
      huge_.Map();
      huge_.WantHugePages();
      ++huge_regions_;
    }
    if (taken >= kFirstSlabs && !huge_.empty()) return huge_.Cut(kHugePage);
    if (small_.empty()) small_.Map();
    return small_.Cut(kSlab);
  }

  void Leave(Pool& pool) {
    const std::lock_guard lock(mutex_);
    pool.next = std::exchange(idle_, &pool);
  }

  Pool* Take() {
    const std::lock_guard lock(mutex_);
    return idle_ == nullptr ? nullptr : std::exchange(idle_, idle_->next);
  }

 private:
  std::mutex mutex_;
  Region small_;
  Region huge_;
  std::size_t huge_regions_ = 0;
  Pool* idle_ = nullptr;
};

constinit Store store;
constinit thread_local Pool pool;

void* Cut(Size size) {
  auto* block = reinterpret_cast<Block*>(std::exchange(pool.at, pool.at + size.bytes));
  block->kind = size.kind;
  return &block->next;
}

/// A thread's claim on a pool of its own; made when it first needs memory.
class Tenancy {
 public:
  Tenancy() {
    if (const Pool* left = store.Take()) pool = *left;
  }
  Tenancy(const Tenancy&) = delete;
  Tenancy& operator=(const Tenancy&) = delete;
  ~Tenancy() {
    constexpr Size kSize = SizeFor(sizeof(Pool) + kHeader);
    if (static_cast<std::size_t>(pool.end - pool.at) < kSize.bytes) return;
    Pool* left = std::construct_at(static_cast<Pool*>(Cut(kSize)), pool);
    pool = {};
    store.Leave(*left);
  }
};

/// The pool is out of blocks of this size.
[[gnu::noinline]] void* Refill(Size size) {
  thread_local const Tenancy tenancy;
  if (Block* block = pool.free[size.kind]) {
    pool.free[size.kind] = block->next;
    return &block->next;
  }
  if (static_cast<std::size_t>(pool.end - pool.at) < size.bytes) {
    const Slab slab = store.TakeSlab(pool.slabs);
    // Whoever needs a second slab will use all of it: one call instead of 64 page faults. Old
    // systems refuse, and fault.
    if (pool.slabs++ > 0 && slab.size() == kSlab) {
      madvise(slab.data(), slab.size(), MADV_POPULATE_WRITE);
    }
    pool.at = slab.data() + kAlignment - kHeader;
    pool.end = slab.data() + slab.size();
  }
  return Cut(size);
}

/// Tells malloc() to give out freed blocks again rather than to return them to the system, where
/// each of their pages would have to be asked for anew; to all threads out of one heap.
bool KeepFreedBlocks() {
  constexpr int kNever = 1 << 30;
  constexpr int kStep = 1 << 20;
  return mallopt(M_TRIM_THRESHOLD, kNever) != 0 && mallopt(M_MMAP_THRESHOLD, kNever) != 0 &&
         mallopt(M_TOP_PAD, kStep) != 0 && mallopt(M_ARENA_MAX, 1) != 0;
}

[[gnu::noinline]] void* Large(std::size_t bytes) {
  [[maybe_unused]] static const bool kept = KeepFreedBlocks();
  auto* block = static_cast<std::byte*>(std::malloc(bytes + kAlignment));
  if (block == nullptr) throw std::bad_alloc();
  if (bytes > kHugePage && bytes <= kLargestHuge) WantHugePages(block, block + bytes);
  std::byte* content = block + kAlignment;
  reinterpret_cast<Block*>(content - kHeader)->kind = 0;
  return content;
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (bytes > kLargest - kHeader) return Large(bytes);
  const Size size = SizeFor(bytes + kHeader);
  Block* block = pool.free[size.kind];
  if (block == nullptr) return Refill(size);
  pool.free[size.kind] = block->next;
  return &block->next;
}

void operator delete(void* content) noexcept {
  if (content == nullptr) return;
  auto* block = reinterpret_cast<Block*>(static_cast<std::byte*>(content) - kHeader);
  if (block->kind == 0) {
    std::free(static_cast<std::byte*>(content) - kAlignment);
    return;
  }
  block->next = std::exchange(pool.free[block->kind], block);
}

void operator delete(void* content, std::size_t /*bytes*/) noexcept { operator delete(content); }
// NOLINTEND(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
