// Work on many documents with all cores. Documents do not depend on one another, so each is one
// thread's alone; what the threads find is put together in the order of the stream afterwards, so
// that the result is the same with any number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace cloudlab::app {

/// How many items a thread takes at a time. Streams are sorted by kind, so equal parts of the
/// stream are unequal amounts of work.
inline constexpr std::size_t kChunk = 128;

/// The number of chunks that `count` items make.
inline std::size_t ChunkCount(std::size_t count) { return (count + kChunk - 1) / kChunk; }

/// Calls work(chunk, begin, end) once for every chunk of [0, count), on as many threads as are of
/// use; a few documents are done on this one. Returns when all is done. An exception in one thread
/// is thrown here.
void ForEachChunk(std::size_t count,
                  const std::function<void(std::size_t, std::size_t, std::size_t)>& work);

}  // namespace cloudlab::app
