// SPDX-License-Identifier: MIT
#include "study/job_queue.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

namespace collapse_study {

void run_jobs(std::vector<job> jobs, std::size_t threads, const std::function<void(double)>& finished) {
  std::ranges::stable_sort(jobs, std::ranges::greater{}, &job::cost);
  double total = 0, done = 0;
  for (const job& one : jobs) total += one.cost;

  std::mutex mutex;
  std::size_t next = 0;
  std::exception_ptr failure;
  const auto take_jobs = [&] {
    std::unique_lock lock{mutex};
    while (next < jobs.size() && !failure) {
      const job& mine = jobs[next++];
      lock.unlock();
      std::exception_ptr mine_failed;
      try {
        mine.work();
      } catch (...) { mine_failed = std::current_exception(); }
      lock.lock();
      done += mine.cost;
      if (mine_failed) {
        if (!failure) failure = mine_failed;
      } else {
        finished(done / total);
      }
    }
  };

  {
    std::vector<std::jthread> others;
    for (std::size_t thread = 1; thread < std::min(threads, jobs.size()); ++thread) others.emplace_back(take_jobs);
    take_jobs();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace collapse_study
