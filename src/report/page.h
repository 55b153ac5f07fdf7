/* page.h - the parts of the HTML page, in their order; report_html (html.c) puts them together.
 *
 * Each writes one section: a heading, how to read it, and its charts or tables.  A chart that has
 * no data says why not.  Text of the records goes through markup.h. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stdio.h>

#include "report/document.h"

void page_summary(FILE *f, const struct report *r);
void page_findings(FILE *f, const struct report *r);
void page_targets(FILE *f, const struct report *r);
void page_limits(FILE *f, const struct report *r);
void page_roofline(FILE *f, const struct report *r);
void page_samples(FILE *f, const struct report *r);
void page_latency(FILE *f, const struct report *r);
void page_series(FILE *f, const struct report *r);
void page_matrix(FILE *f, const struct report *r);
void page_history(FILE *f, const struct report *r);
void page_table(FILE *f, const struct report *r);
void page_properties(FILE *f, const struct report *r);
void page_machine(FILE *f, const struct report *r);

/* "<section id=...><h2>title</h2><p>how to read it</p>"; both texts are ours. */
void page_section(FILE *f, const char *id, const char *title, const char *how);
void page_section_end(FILE *f);

/* A chart's place without a chart, with the reason. */
void page_no_data(FILE *f, const char *what, const char *why);

/* "4524 GB/s", in the row's unit (rows.h). */
void page_value(FILE *f, const struct result *r, double v);

#endif
