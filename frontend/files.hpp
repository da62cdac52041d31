// Bytes from and to the world: whole files, stdin, stdout. Every error is a sentence.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cloudlab::frontend {

/// Reads all of the open file `fd`. Returns false and fills `error` if that fails, or if there are
/// more than 4 GiB.
bool ReadAll(int fd, std::string& content, std::string& error);
bool ReadFile(const std::string& path, std::string& content, std::string& error);
/// Writes a file, in place: it may be a pipe or somebody may hold it open.
bool WriteFile(const std::string& path, std::string_view content, std::string& error);
/// Writes all of `content` to the open file `fd`.
bool WriteAll(int fd, std::string_view content, std::string& error);

}  // namespace cloudlab::frontend
