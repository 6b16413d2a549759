// SPDX-License-Identifier: MIT
#include "cli/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace cli {
namespace {

constexpr std::size_t flush_at = std::size_t{1} << 20;

}  // namespace

output_file::output_file(std::string path) : path_{std::move(path)} {
  namespace fs = std::filesystem;
  if (path_ == "-") {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  std::error_code ignored;
  const bool exists = fs::exists(path_, ignored);
  target_ = exists ? fs::canonical(path_, ignored).string() : path_;
  if (exists && !fs::is_regular_file(target_, ignored)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    aside_ = target_ + "." + std::to_string(::getpid()) + ".partial";
    descriptor_ = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  if (descriptor_ < 0) { fail(); }
}

output_file::~output_file() {
  if (descriptor_ > STDERR_FILENO) { ::close(descriptor_); }
  if (!aside_.empty()) { ::unlink(aside_.c_str()); }
}

void output_file::write(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= flush_at) { flush(); }
}

void output_file::commit() {
  flush();
  if (descriptor_ == STDOUT_FILENO) { return; }
  if (!aside_.empty() && ::fsync(descriptor_) != 0) { fail(); }
  if (::close(std::exchange(descriptor_, -1)) != 0) { fail(); }
  if (aside_.empty()) { return; }
  if (::rename(aside_.c_str(), target_.c_str()) != 0) { fail(); }
  aside_.clear();
}

void output_file::fail() const {
  const std::string reason = std::strerror(errno);
  const std::string name = path_ == "-" ? "standard output" : path_;
  throw std::runtime_error(name + ": expected to write the output, found: " + reason);
}

void output_file::flush() {
  for (std::string_view rest = pending_; !rest.empty();) {
    const ::ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail();
    }
  }
  pending_.clear();
}

}  // namespace cli
