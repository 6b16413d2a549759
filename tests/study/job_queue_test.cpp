// SPDX-License-Identifier: MIT
#include "study/job_queue.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using collapse_study::job;
using collapse_study::run_jobs;

TEST_CASE("job queue: one thread takes the costliest job first, the first of equals") {
  std::vector<int> order;
  std::vector<double> shares;
  std::vector<job> jobs;
  int name = 0;
  for (const double cost : {1.0, 4.0, 2.0, 4.0, 5.0})
    jobs.push_back({cost, [&order, name] { order.push_back(name); }}), ++name;
  run_jobs(jobs, 1, [&](double share) { shares.push_back(share); });
  REQUIRE(order == std::vector<int>{4, 1, 3, 2, 0});
  REQUIRE(shares == std::vector<double>{5.0 / 16, 9.0 / 16, 13.0 / 16, 15.0 / 16, 1});
}

TEST_CASE("job queue: every job runs once, whatever the number of threads", "[threads]") {
  for (const std::size_t threads : {1u, 2u, 3u, 16u}) {
    std::vector<std::atomic<int>> runs(50);
    std::vector<job> jobs;
    for (auto& count : runs) jobs.push_back({1, [&count] { ++count; }});
    int finished = 0;  // called one at a time
    run_jobs(jobs, threads, [&](double) { ++finished; });
    REQUIRE(finished == 50);
    for (const auto& count : runs) REQUIRE(count == 1);
  }
  run_jobs({}, 4, [](double) {});
}

TEST_CASE("job queue: the first exception is rethrown and keeps further jobs from starting", "[threads]") {
  for (const std::size_t threads : {1u, 4u}) {
    std::atomic<int> started = 0;
    std::vector<job> jobs{{100, [] { throw std::runtime_error("broken"); }}};
    for (int i = 0; i < 1000; ++i) jobs.push_back({1, [&] { ++started; }});
    REQUIRE_THROWS_WITH(run_jobs(jobs, threads, [](double) {}), "broken");
    if (threads == 1) REQUIRE(started == 0);
  }
}
