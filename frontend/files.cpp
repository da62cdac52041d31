#include "frontend/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace cloudlab::frontend {
namespace {

std::string Reason() { return std::strerror(errno); }

}  // namespace

bool ReadAll(int fd, std::string& content, std::string& error) {
  // A string zeroes what it grows by: small enough steps are still in the cache when they are read.
  constexpr std::size_t kStep = std::size_t{256} << 10U;
  struct stat info {};
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    content.reserve(static_cast<std::size_t>(info.st_size) + kStep);
  }
  std::size_t size = 0;
  while (true) {
    content.resize(size + kStep);
    const ssize_t got = read(fd, content.data() + size, kStep);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      error = Reason();
      return false;
    }
    size += static_cast<std::size_t>(got);
    if (size > UINT32_MAX) {
      error = "more than 4 GiB";
      return false;
    }
    if (got == 0) {
      content.resize(size);
      return true;
    }
  }
}

bool ReadFile(const std::string& path, std::string& content, std::string& error) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    error = Reason();
    return false;
  }
  const bool done = ReadAll(fd, content, error);
  close(fd);
  return done;
}

bool WriteAll(int fd, std::string_view content, std::string& error) {
  while (!content.empty()) {
    const ssize_t put = write(fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      error = Reason();
      return false;
    }
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool WriteFile(const std::string& path, std::string_view content, std::string& error) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    error = Reason();
    return false;
  }
  const bool written = WriteAll(fd, content, error);
  if (close(fd) == 0 || !written) return written;
  error = Reason();
  return false;
}

}  // namespace cloudlab::frontend
