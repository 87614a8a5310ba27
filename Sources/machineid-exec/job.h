/* job.h - machineid-exec and its program as one job of a shell: ^Z, fg and bg. */
#ifndef JOB_H
#define JOB_H

#include "supervise.h"

/* The program has been stopped by this signal. */
void on_program_stopped(struct supervision *supervision, int signal);

/* The job has been continued. */
void on_continued(struct supervision *supervision);

#endif
