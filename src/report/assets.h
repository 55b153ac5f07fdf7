/* assets.h - the files of web/ that travel inside the program (tools/cmake/assets.cmake). */
#ifndef REPORT_ASSETS_H
#define REPORT_ASSETS_H

/* NUL-terminated text. */
extern const char asset_report_css[];
extern const char asset_report_js[];
extern const char asset_series_js[];
extern const char asset_uplot_css[];
extern const char asset_uplot_js[];
extern const char asset_uplot_license[];

#endif
