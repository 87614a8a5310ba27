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

(defun validate-four (client)
  (loop repeat 4 count (allowed (validate client *device*))))

(defun word (allowed) (if allowed "allowed" "denied"))

(defun forks (client)
  "The child tells the parent by its exit status. SBCL forks while it has no other thread."
  (let ((child (sb-posix:fork)))
    (when (zerop child)
      (sb-ext:exit :code (if (allowed (validate client *device*)) 0 1) :abort t))
    (let ((parent (allowed (validate client *device*))))
      (multiple-value-bind (pid status) (sb-posix:waitpid child 0)
        (declare (ignore pid))
        (say "fork: parent ~a, child ~a" (word parent) (word (zerop status)))))))

(say "version ~a" (version))
(with-client (client "{}")
  (say "register: MID_OK status=~a" (gethash "status" (register client *device*)))
  (say "register again: MID_OK status=~a" (gethash "status" (register client *device*)))
  (let ((decision (validate client *device*)))
    (say "validate: ~a code=~a" (show decision) (code decision))
    (when (allowed decision) (say "work: one unit done")))

  (let ((threads (loop repeat 8 collect (sb-thread:make-thread #'validate-four :arguments (list client)))))
    (say "threads: ~d of 32 allowed" (reduce #'+ (mapcar #'sb-thread:join-thread threads))))
  (forks client)

  (revoke client *device*)
  (say "revoke: MID_OK")
  (let ((decision (validate client *device*)))
    (say "validate: ~a code=~a request_id=~d characters"
         (show decision) (code decision) (length (request-id decision))))
  (say "register revoked: MID_OK status=~a" (gethash "status" (register client *device*)))
  (unrevoke client *device*)
  (say "unrevoke: MID_OK")
  (let ((decision (validate client *device*)))
    (say "validate: ~a code=~a" (show decision) (code decision)))
  (restore client *device*)
  (say "restore: MID_OK")

  (say "list: MID_OK ~d device" (length (gethash "devices" (list-devices client))))
  (say "usage: MID_OK planTier=~a" (gethash "planTier" (usage client)))
  (say "umlaut device: ~a" (show (validate client "wörker:prod:07")))
  (remove-device client *device*)
  (say "remove: MID_OK")
  (say "remove again: ~a" (status (refusal (remove-device client *device*))))

  (let ((wrong (refusal (open-client "{\"timeout\":1}"))))
    (say "wrong option: ~a ~a" (status wrong) (code wrong)))
  (let ((decision (validate client "")))
    (say "no device: ~a ~a" (status decision) (code decision))))

(with-client (client "{\"base_url\":\"http://127.0.0.1:1\",\"max_retries\":0}" "org_runtimes")
  (let ((decision (validate client *device*)))
    (say "unreachable: ~a ~a" (show decision) (code decision)))
  (cancel client)
  (say "cancelled: ~a" (show (validate client *device*))))
