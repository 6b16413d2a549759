# SPDX-License-Identifier: MIT
# Checks that includes follow the flow of data. Usage: cmake -D INCLUDE_DIR=<folder of dynamicpo/> -P check_layers.cmake
cmake_minimum_required(VERSION 3.25)

# Lowest layer first. A header includes its own folder and what stands on lower lines; names on one line are apart.
set(layers
    "config version"
    "error"
    "detail/lanes detail/ask_ahead"
    "detail/some_lanes"
    "detail/processor"
    "detail/elementary_float detail/double_double detail/transpose detail/stream_store detail/row_stores detail/exact_row_sums"
    "detail/elementary detail/fill_lines"
    "detail/sorting_network detail/thread_group detail/slot_list"
    "detail/softplus detail/softmax_sums detail/kmeans_1d detail/top_cluster_lanes detail/lane_merge"
    "detail/cut_search detail/few_sorted detail/group_cut detail/warp"
    "detail/certain_cut detail/sorted_cut detail/long_cut"
    "detail/binned_cut"
    "score"
    "detail/overlap detail/arguments detail/vocabulary_pass detail/presence"
    "sample/philox"
    "detail/philox_lanes"
    "sample/concept sample/draw_counts"
    "detail/list_search"
    "detail/slot_draw"
    "detail/row_draws"
    "sample"
    "select lm"
    "beta"
    "objective"
    "pipeline result instruments"
    "workspace"
    "outputs"
    "exec"
    "detail/lane_select"
    "detail/blocks detail/row detail/row_layout"
    "detail/column_evaluation"
    "detail/tile detail/long_row detail/group_row detail/instrument_row"
    "detail/whole_tile"
    "detail/tiles detail/present_tile detail/tile_store detail/group_selection"
    "detail/long_cuts"
    "detail/rows_alone detail/row_stretch"
    "detail/joined_rows"
    "detail/summed_rows"
    "detail/row_evaluation detail/row_selection detail/row_kernel metrics"
    "detail/device_batch"
    "evaluate row_gaps select_negatives validate lm/device_log_prob sample/device_negatives"
    "lm/device_fused_head"
    "theory"
    "adapt"
    "dynamicpo")

# Layers beside the flow: all they may see.
set(restricted_layers exec adapt lm metrics)
set(exec_sees config error score)
set(adapt_sees config error score lm exec)
set(lm_sees config error score detail/elementary detail/arguments detail/processor detail/softmax_sums
            detail/vocabulary_pass)
set(metrics_sees config error score result workspace detail/arguments detail/row)

# Standard headers are the only ones outside these layers, and these standard headers are too heavy for all others.
set(layers_with_dependencies adapt exec detail/warp)
set(banned_headers execution iostream random ranges regex)

# The layer of a header given without extension: itself or the folder it lies in. Sets `rank` to -1 when it has none.
function(find_layer header out_layer out_rank)
  set(layer ${header})
  while(NOT layer STREQUAL "")
    set(rank 0)
    foreach(line IN LISTS layers)
      separate_arguments(names UNIX_COMMAND "${line}")
      if(layer IN_LIST names)
        set(${out_layer} ${layer} PARENT_SCOPE)
        set(${out_rank} ${rank} PARENT_SCOPE)
        return()
      endif()
      math(EXPR rank "${rank} + 1")
    endforeach()
    cmake_path(GET layer PARENT_PATH layer)
  endwhile()
  set(${out_rank} -1 PARENT_SCOPE)
endfunction()

function(violation text)
  message(SEND_ERROR "dynamicpo/${header}: ${text}")
endfunction()

function(check_own_include included)
  string(REGEX REPLACE "\\.(hpp|cuh)$" "" included_stem ${included})
  find_layer(${included_stem} included_layer included_rank)
  if(included_rank EQUAL -1)
    violation("includes ${included}, which has no layer in cmake/check_layers.cmake")
  elseif(included_layer STREQUAL layer)
    return()
  elseif(included_rank GREATER rank)
    violation("includes ${included} of a higher layer")
  elseif(included_rank EQUAL rank)
    violation("includes ${included} of a layer beside its own")
  elseif(layer IN_LIST restricted_layers AND NOT included_layer IN_LIST ${layer}_sees)
    violation("includes ${included}, '${layer}' sees only ${${layer}_sees}")
  endif()
endfunction()

cmake_path(ABSOLUTE_PATH INCLUDE_DIR)
file(GLOB_RECURSE headers RELATIVE ${INCLUDE_DIR}/dynamicpo ${INCLUDE_DIR}/dynamicpo/*.hpp
     ${INCLUDE_DIR}/dynamicpo/*.cuh)
if(NOT headers)
  message(FATAL_ERROR "no headers under ${INCLUDE_DIR}/dynamicpo")
endif()
foreach(header IN LISTS headers)
  string(REGEX REPLACE "\\.(hpp|cuh)$" "" stem ${header})
  find_layer(${stem} layer rank)
  if(rank EQUAL -1)
    violation("has no layer in cmake/check_layers.cmake")
    continue()
  endif()
  file(STRINGS ${INCLUDE_DIR}/dynamicpo/${header} includes REGEX "^[ \t]*#[ \t]*include")
  foreach(include IN LISTS includes)
    if(include MATCHES "\"dynamicpo/(.*)\"")
      check_own_include(${CMAKE_MATCH_1})
    elseif(include MATCHES "\"(.*)\"")
      violation("includes \"${CMAKE_MATCH_1}\", write \"dynamicpo/...\" from the include folder")
    elseif(include MATCHES "<(.*)>" AND NOT layer IN_LIST layers_with_dependencies)
      set(name ${CMAKE_MATCH_1})
      if(name IN_LIST banned_headers)
        violation("includes <${name}>, which is too heavy for the core")
      elseif(NOT name MATCHES "^[a-z_]+$")
        violation("includes <${name}>, only adapt/ and exec/ may include a dependency")
      endif()
    endif()
  endforeach()
endforeach()
list(LENGTH headers count)
message(STATUS "checked the includes of ${count} headers")
