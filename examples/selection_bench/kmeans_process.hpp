// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>

#include "selection_bench/strategy.hpp"

namespace selection_bench {

/// The published trainer's selection, by scikit-learn in a Python process of its own (kmeans.py). Its time is the
/// processor time of clustering, without the conversation.
class kmeans_process final : public strategy {
 public:
  /// `starts`: n_init. `python`: a program; empty tries python3, then /usr/bin/python3.
  kmeans_process(int starts, const std::string& python);
  ~kmeans_process() override;
  kmeans_process(const kmeans_process&) = delete;
  kmeans_process& operator=(const kmeans_process&) = delete;

  /// Empty when the process answers; otherwise why not.
  const std::string& absent() const { return absent_; }

  void select(const score_rows& rows, std::uint32_t step, selected_lists& out) override;
  std::string peer() const override { return peer_; }
  std::optional<double> nanoseconds() const override { return nanoseconds_; }

 private:
  struct close_file {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void start(const std::string& python);
  void stop();
  std::string read_line();

  int starts_;
  pid_t child_ = -1;
  std::unique_ptr<std::FILE, close_file> questions_, answers_;
  std::string absent_, peer_;
  double nanoseconds_ = 0;
};

}  // namespace selection_bench
