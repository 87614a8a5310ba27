;;;; scenario.lisp - every operation of machineid.lisp, and the ways in which they fail.

(defpackage :scenario (:use :common-lisp :machineid))
(in-package :scenario)

(defparameter *device* "worker:prod:queue-consumer:07")

(defun show (decision)
  (format nil "~a allowed=~d" (status decision) (if (allowed decision) 1 0)))

(defmacro refusal (&body body)
  `(handler-case (progn ,@body (error "that should have been refused"))
     (machineid-error (condition) condition)))

(defun say (format &rest arguments)
  (format t "~?~%" format arguments)
  (finish-output))

(defun decision (client device)
  (nth-value 1 (validate client device)))

(defun validate-four (client)
  (loop repeat 4 count (validate client *device*)))

(defun never-registered (client)
  "Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
let it work."
  (let ((done '()))
    (when (validate client "never") (push "when" done))
    (unless (not (validate client "never")) (push "unless" done))
    (and (validate client "never") (push "and" done))
    (let ((decision (validate client "never"))) (when decision (push "let" done)))
    (cond ((validate client "never") (push "cond" done)))
    (let ((problem (refusal (ensure-allowed client "never") (push "ensure-allowed" done))))
      (say "never registered: ~:[~{~a~^, ~}~;nothing done~]" (null done) done)
      (say "never registered: ~a ~a request_id=~d characters"
           (status problem) (code problem) (length (request-id problem)))
      (assert (search (request-id problem) (princ-to-string problem))))))

(defun many (client)
  "Asks about several devices in one call. One that cannot be asked about costs only that device its decision."
  (let ((decisions (nth-value 1 (validate-many client (list *device* "never" "" *device*)))))
    (say "many: ~{~d~^ ~}" (loop for decision in decisions collect (if (allowed decision) 1 0)))
    (say "many: ~{~a~^ ~}" (mapcar #'code decisions)))
  (multiple-value-bind (all decisions) (validate-many client '())
    (say "many: ~:[none asked~;work~], ~d decisions" all (length decisions)))
  (let ((done '()))
    (when (validate-many client (list *device* "never")) (push "when" done))
    (let ((all (validate-many client (list *device* "never")))) (when all (push "let" done)))
    (say "many, one never registered: ~:[~{~a~^, ~}~;nothing done~]" (null done) done))
  (assert (validate-many client (list *device* *device*))))

(defun guards (client)
  "Starting a guard for a device that is denied is an error, so that no condition on one is true."
  (with-guard (guard client *device* "{\"interval_ms\":50}")
    (say "guard: ~:[off~;on~]" (guard-allowed guard))
    (revoke client *device*)
    (unless (wait-until-off guard 30000) (say "guard: on 30 s after a revoke"))
    (let ((decision (gethash "decision" (guard-decision guard))))
      (say "guard: ~a after a revoke, ~a request_id=~d characters" (gethash "state" (guard-decision guard))
           (gethash "code" decision) (length (gethash "request_id" decision))))
    (unrevoke client *device*)
    (say "guard: ~:[still ~a~;on~] after an unrevoke" (guard-allowed guard) (gethash "state" (guard-decision guard)))
    (stop-guard guard)
    (say "guard, stopped: ~:[off~;on~]" (guard-allowed guard)))

  (let* ((done '())
         (problem (refusal (when (start-guard client "never") (push "when" done)) (push "start-guard" done))))
    (assert (string= (code problem) "DEVICE_NOT_REGISTERED"))
    (say "guard, never registered: ~:[~{~a~^, ~}~;nothing done~]" (null done) done))

  (with-client (other "{}")
    (with-guard (cancelled other *device*)
      (cancel other)
      (say "guard, cancelled: ~:[off~;on~]" (guard-allowed cancelled)))))

(defun refused (step client device-id)
  "A bad argument must raise the language's argument error, which names the parameter."
  (say "~a: ~a" step
       (handler-case (progn (validate client device-id) "asked")
         (type-error (condition)
           (let ((text (princ-to-string condition)))
             (if (search "DEVICE-ID" text) "an argument error that names it" text))))))

(defun secret ()
  "Gives a key that cannot be sent; neither the error nor its slots may show it."
  (let ((shown (loop for key in (list (format nil "org_marker~c" #\Nul) (format nil "org_marker~c" (code-char #xD800))
                                      'org_marker '("org_marker"))
                     for said = (handler-case (progn (open-client "{}" key) "accepted: marker")
                                  (type-error (condition) (format nil "~a ~s" condition (type-error-datum condition))))
                     when (search "marker" said :test #'char-equal) collect said)))
    (say "secret: ~:[~{~a~^, ~}~;refused, and not shown~]" (null shown) shown)))

(defun word (allowed) (if allowed "allowed" "denied"))

(defun forks (client)
  "The child reports its result through its exit status. SBCL can fork only while it has no other thread."
  (let ((child (sb-posix:fork)))
    (when (zerop child)
      (sb-ext:exit :code (if (validate client *device*) 0 1) :abort t))
    (let ((parent (validate client *device*)))
      (multiple-value-bind (pid status) (sb-posix:waitpid child 0)
        (declare (ignore pid))
        (say "fork: parent ~a, child ~a" (word parent) (word (zerop status)))))))

(say "version ~a" (version))
(with-client (client "{}")
  (say "register: MID_OK status=~a" (gethash "status" (register client *device*)))
  (say "register again: MID_OK status=~a" (gethash "status" (register client *device*)))
  (let ((decision (decision client *device*)))
    (say "validate: ~a code=~a" (show decision) (code decision))
    (when (validate client *device*) (say "work: one unit done")))

  (let ((threads (loop repeat 8 collect (sb-thread:make-thread #'validate-four :arguments (list client)))))
    (say "threads: ~d of 32 allowed" (reduce #'+ (mapcar #'sb-thread:join-thread threads))))
  (forks client)

  (revoke client *device*)
  (say "revoke: MID_OK")
  (let ((decision (decision client *device*)))
    (say "validate: ~a code=~a request_id=~d characters"
         (show decision) (code decision) (length (request-id decision))))
  (say "register revoked: MID_OK status=~a" (gethash "status" (register client *device*)))
  (unrevoke client *device*)
  (say "unrevoke: MID_OK")
  (let ((decision (decision client *device*)))
    (say "validate: ~a code=~a" (show decision) (code decision)))
  (restore client *device*)
  (say "restore: MID_OK")

  (say "list: MID_OK ~d device" (length (gethash "devices" (list-devices client))))
  (say "usage: MID_OK planTier=~a" (gethash "planTier" (usage client)))
  (say "umlaut device: ~a" (show (decision client "wörker:prod:07")))
  (never-registered client)
  (many client)
  (guards client)
  (remove-device client *device*)
  (say "remove: MID_OK")
  (let ((again (refusal (remove-device client *device*))))
    (say "remove again: ~a ~a request_id=~d characters" (status again) (code again) (length (request-id again))))

  (let ((wrong (refusal (open-client "{\"timeout\":1}"))))
    (say "wrong option: ~a ~a~@[ timeout~]" (status wrong) (code wrong) (search "timeout" (princ-to-string wrong))))
  (let ((decision (decision client "")))
    (say "no device: ~a ~a" (status decision) (code decision)))
  (refused "NUL" client (format nil "a~cb" #\Nul))
  (refused "surrogate" client (format nil "w~c" (code-char #xD800)))
  (refused "null" client nil)
  (secret))

;; The reply holds unusual numbers. Its answer counts all the same.
(with-client (client (format nil "{\"base_url\":\"~a\"}" (sb-posix:getenv "MACHINEID_ODD_URL")) "org_runtimes")
  (say "odd numbers: ~a" (show (decision client *device*))))
;; An outage is neither an answer nor a refusal: the next call may bring an answer.
(with-client (client (format nil "{\"base_url\":\"~a\",\"max_retries\":0}" (sb-posix:getenv "MACHINEID_OUTAGE_URL"))
                     "org_outage")
  (let ((decision (decision client *device*)))
    (say "outage: ~a ~a" (show decision) (code decision)))
  (say "outlived: ~a" (show (decision client *device*))))
(with-client (client "{\"base_url\":\"http://127.0.0.1:1\",\"max_retries\":0}" "org_runtimes")
  (let ((decision (decision client *device*)))
    (say "unreachable: ~a ~a" (show decision) (code decision)))
  (cancel client)
  (say "cancelled: ~a" (show (decision client *device*))))
