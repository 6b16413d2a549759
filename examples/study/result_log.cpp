// SPDX-License-Identifier: MIT
#include "study/result_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace collapse_study {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& text) {
  throw std::runtime_error(file.string() + ": " + text);
}

[[noreturn]] void system_failure(const std::filesystem::path& file, const char* action) {
  throw std::system_error(errno, std::generic_category(), file.string() + ": cannot " + action);
}

std::string difference(const json& expected, const json& found) {
  for (const auto& [field, value] : expected.items()) {
    const json other = found.contains(field) ? found[field] : json();
    if (other != value) return fmt::format("{}: expected {}, found {}", field, value.dump(), other.dump());
  }
  return "further fields";
}

}  // namespace

result_log::result_log(std::filesystem::path file, const json& header)
    : path_{std::move(file)}, header_{header.dump()} {
  const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path{"."};
  std::filesystem::create_directories(folder);
  folder_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) system_failure(folder, "open");
  try {
    if (flock(folder_, LOCK_EX | LOCK_NB) != 0) {
      fail(folder, "another study is writing here; wait for it, or choose another output folder");
    }
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) system_failure(path_, "write");
    read(header_);
  } catch (...) {
    close(file_);
    close(folder_);
    throw;
  }
}

result_log::~result_log() {
  close(file_);
  close(folder_);
}

void result_log::read(const std::string& expected_header) {
  std::ifstream stream{path_, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  // What follows the last newline is the line that a killed study did not finish.
  const std::size_t complete = text.rfind('\n') + 1;
  if (complete == 0 && !expected_header.starts_with(text)) fail(path_, "holds something else than a study's results");
  if (complete < text.size() && ftruncate(file_, static_cast<off_t>(complete)) != 0) system_failure(path_, "shorten");
  if (complete == 0) return write(file_, expected_header + '\n');

  std::size_t number = 0;
  for (std::size_t begin = 0, end; begin < complete; begin = end + 1) {
    end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    const json parsed = json::parse(line, nullptr, false);
    const bool is_header = ++number == 1;
    const char* const identity = is_header ? "study" : "run";
    if (!parsed.is_object() || !parsed.contains(identity) || !parsed[identity].is_string()) {
      fail(path_, fmt::format("line {}: expected a {} with a string \"{}\", found {:.60}", number,
                              is_header ? "header" : "record", identity, line));
    }
    if (!is_header) {
      lines_[parsed[identity].get<std::string>()] = line;
    } else if (line != expected_header) {
      fail(path_, fmt::format("holds another study: {}. Choose another output folder, or remove the file",
                              difference(json::parse(expected_header), parsed)));
    }
  }
  resumed_ = lines_.size();
}

void result_log::write(int file, std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) system_failure(path_, "write");
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

bool result_log::contains(std::string_view run) const {
  const std::lock_guard lock{mutex_};
  return lines_.find(run) != lines_.end();
}

json result_log::at(std::string_view run) const {
  const std::lock_guard lock{mutex_};
  const auto found = lines_.find(run);
  if (found == lines_.end()) throw std::out_of_range(path_.string() + ": no run " + std::string{run});
  return json::parse(found->second);
}

void result_log::append(const json& record) {
  const std::string line = record.dump();
  const std::lock_guard lock{mutex_};
  write(file_, line + '\n');
  lines_[record.at("run").get<std::string>()] = line;
}

void result_log::finish(std::span<const std::string> runs) {
  const std::lock_guard lock{mutex_};
  std::string text = header_ + '\n';
  for (const std::string& run : runs) text += lines_.at(run) + '\n';
  const std::string aside = path_.string() + ".new";
  const int file = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) system_failure(aside, "write");
  write(file, text);
  const bool flushed = fsync(file) == 0;
  close(file);
  if (!flushed) system_failure(aside, "write");
  std::filesystem::rename(aside, path_);
}

}  // namespace collapse_study
