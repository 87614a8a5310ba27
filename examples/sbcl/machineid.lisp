;;;; machineid.lisp - the client of the MachineID authority, for SBCL. Needs libmachineid, and yason for JSON.
;;;;
;;;;     (machineid:with-client (client "{\"timeout_ms\":2000}")
;;;;       (machineid:register client "agent-01")
;;;;       (when (machineid:validate client "agent-01")
;;;;         (work)))
;;;;
;;;;     (machineid:with-guard (guard client "agent-01" "{\"interval_ms\":1000}")
;;;;       (loop while (machineid:guard-allowed guard)
;;;;             do (step)))
;;;;
;;;; VALIDATE returns T or NIL, and the decision as its second value, because every object is true in a condition; so
;;;; does VALIDATE-MANY, with a list of decisions. ENSURE-ALLOWED signals an error, with the code and the request id,
;;;; unless the device is allowed, and so does START-GUARD. A guard that is denied later is still an object, so call
;;;; GUARD-ALLOWED.
;;;;
;;;; A call blocks its thread until there is an answer or timeout_ms has passed; the collector does not wait for it. Any
;;;; number of threads may share a client. They must have ended when WITH-CLIENT does, which frees it.

(defpackage :machineid
  (:use :common-lisp :sb-alien)
  (:export #:version #:with-client #:open-client #:free #:cancel #:validate #:ensure-allowed #:validate-many
           #:with-guard #:start-guard #:stop-guard #:guard-allowed #:guard-fd #:guard-decision #:wait-until-off
           #:allowed #:status #:code #:request-id #:reply #:machineid-error))
(in-package :machineid)

(load-shared-object "libmachineid.so.0")

;; A plain c-string would use the encoding of the locale.
(define-alien-type text (c-string :external-format :utf-8))

(defclass decision ()
  ((allowed :initarg :allowed :reader allowed)
   (status :initarg :status :reader status)
   (reply :initarg :reply :reader reply))
  (:documentation "Gate on ALLOWED and nothing else. With any STATUS except MID_OK the authority decided nothing."))

(defun field (outcome key) (gethash key (reply outcome)))
(defun code (outcome) (or (field outcome "code") (field outcome "error")))
(defun request-id (outcome) (field outcome "request_id"))

(define-condition machineid-error (error)
  ((status :initarg :status :reader status)
   (reply :initarg :reply :reader reply))
  (:documentation "There is no reply, because the authority refused or gave no answer. ENSURE-ALLOWED also signals this
for a denial; the status is then MID_OK, because the authority decided.")
  (:report (lambda (condition stream)
             (if (string= (status condition) "MID_OK")
                 (format stream "not allowed: ~a" (code condition))
                 (format stream "~a ~a: ~a" (status condition) (code condition) (field condition "message")))
             (format stream "~@[ (request id ~a)~]" (request-id condition)))))

(defun version () (alien-funcall (extern-alien "mid_version" (function text))))
(defun name-of (status) (alien-funcall (extern-alien "mid_status_name" (function text (signed 32))) status))

(defun take (json)
  "Parses and frees a text from a json parameter. The parameter is a pointer, because a text would be copied and leak.
The answer is the library's flag and not this text, so a reply that yason cannot parse becomes an empty table."
  (if (zerop (sb-sys:sap-int (alien-sap json)))
      (make-hash-table)
      (unwind-protect (handler-case (yason:parse (cast json text)) (error () (make-hash-table)))
        (alien-funcall (extern-alien "mid_free" (function void (* char))) json))))

(defun checked (status json)
  (let ((reply (take json)))
    (if (zerop status) reply (error 'machineid-error :status (name-of status) :reply reply))))

(defun c-text (name text)
  "Checks a text for the library. A NUL would cut it short, and half of a surrogate pair is no character, so that the
call would concern another device. The error holds the type of the value and not the value, which may be the org key."
  (unless (stringp text)
    (error 'simple-type-error :datum (type-of text) :expected-type 'string
                              :format-control "~a must be a string, not ~s"
                              :format-arguments (list name (type-of text))))
  (when (find-if (lambda (character) (or (char= character #\Nul) (<= #xD800 (char-code character) #xDFFF))) text)
    (error 'simple-type-error :datum (type-of text) :expected-type 'string
                              :format-control "~a must be a string without NUL and surrogates"
                              :format-arguments (list name)))
  text)

(defun open-client (options &optional org-key)
  "OPTIONS is a JSON text: machineid.h lists the options. Without ORG-KEY the environment variable MACHINEID_ORG_KEY is
used."
  (with-alien ((client (* t)) (json (* char)))
    (checked (if org-key
                 (alien-funcall (extern-alien "mid_client_new" (function (signed 32) text text (* (* t)) (* (* char))))
                                (c-text 'org-key org-key) (c-text 'options options) (addr client) (addr json))
                 (alien-funcall (extern-alien "mid_client_from_env" (function (signed 32) text (* (* t)) (* (* char))))
                                (c-text 'options options) (addr client) (addr json)))
             json)
    client))

(defun free (client) (alien-funcall (extern-alien "mid_client_free" (function void (* t))) client))

(defun cancel (client)
  "Ends every call in progress and every later call on this client with MID_CANCELLED."
  (alien-funcall (extern-alien "mid_client_cancel" (function void (* t))) client))

(defmacro with-client ((client options &optional org-key) &body body)
  `(let ((,client (open-client ,options ,org-key)))
     (unwind-protect (progn ,@body) (free ,client))))

(defun validate (client device-id)
  "May this device run now? Returns T or NIL, and the decision, which says why. NIL if anything goes wrong."
  (with-alien ((allowed int 0) (json (* char)))
    (let ((status (alien-funcall
                   (extern-alien "mid_validate" (function (signed 32) (* t) text (* int) (* (* char))))
                   client (c-text 'device-id device-id) (addr allowed) (addr json))))
      (values (= allowed 1)
              (make-instance 'decision :allowed (= allowed 1) :status (name-of status) :reply (take json))))))

(defun ensure-allowed (client device-id)
  "Returns the decision when the device may run now. Otherwise signals MACHINEID-ERROR, with the code and the request
id."
  (multiple-value-bind (allowed decision) (validate client device-id)
    (if allowed
        decision
        (error 'machineid-error :status (status decision) :reply (reply decision)))))

(defun status-of-one (allowed reply)
  "The status of one device among many: the library returns one for all."
  (let ((code (gethash "code" reply)))
    (cond ((or allowed (nth-value 1 (gethash "allowed" reply))) "MID_OK")
          ((and (stringp code) (eql (mismatch "CLIENT_" code) 7)) (concatenate 'string "MID_" (subseq code 7)))
          (t "MID_REFUSED"))))

(defun validate-many (client device-ids)
  "May all of these devices run now? They are asked about together, within one timeout_ms for all. Returns T when there
are some and all are allowed, otherwise NIL; and a list with a decision for each, in their order."
  (let* ((count (length device-ids))
         (texts (mapcar (lambda (id) (c-text 'device-ids id)) device-ids))
         (pointers (mapcar (lambda (text) (values (make-alien-string text :external-format :utf-8))) texts))
         ;; There is room for one more, because there is no empty array in C.
         (ids (make-alien (* char) (1+ count)))
         (flags (make-alien int (1+ count))))
    (unwind-protect
         (with-alien ((json (* char)))
           (loop for n from 0 for pointer in pointers do (setf (deref ids n) pointer))
           (alien-funcall
            (extern-alien "mid_validate_many"
                          (function (signed 32) (* t) (* (* char)) unsigned-long (* int) (* (* char))))
            client ids count flags (addr json))
           (let* ((told (take json))
                  (replies (if (listp told) told (make-list count :initial-element told)))
                  (decisions (loop for n below count
                                   for reply in replies
                                   for allowed = (= (deref flags n) 1)
                                   collect (make-instance 'decision :allowed allowed :reply reply
                                                                    :status (status-of-one allowed reply)))))
             (values (and (plusp count) (= (length decisions) count) (every #'allowed decisions)) decisions)))
      (mapc #'free-alien pointers)
      (free-alien ids)
      (free-alien flags))))

(defclass guard ()
  ((handle :initarg :handle))
  (:documentation "A device's permission, kept fresh in the background. In a child of fork it is off, and the child
starts its own."))

(defun stop-guard (guard)
  "Stops and frees a guard, in 250 ms at most. It is off then. No other thread may be about to use it."
  (with-slots (handle) guard
    (alien-funcall (extern-alien "mid_guard_stop" (function void (* t))) handle)
    (setf handle (sap-alien (sb-sys:int-sap 0) (* t)))))

(defun guard-allowed (guard)
  "May the device run now? Look before each step: it takes some nanoseconds in the library, and asks nobody."
  (= 1 (alien-funcall (extern-alien "mid_guard_allowed" (function int (* t))) (slot-value guard 'handle))))

(defun start-guard (client device-id &optional (options "{}"))
  "Starts a guard: it validates once, in this call, and then every interval_ms. Signals MACHINEID-ERROR when the device
is denied, or nobody answered."
  (with-alien ((handle (* t)) (json (* char)))
    (let* ((reply (checked (alien-funcall
                            (extern-alien "mid_guard_start"
                                          (function (signed 32) (* t) text text (* (* t)) (* (* char))))
                            client (c-text 'device-id device-id) (c-text 'options options) (addr handle) (addr json))
                           json))
           (guard (make-instance 'guard :handle handle)))
      (unless (guard-allowed guard)
        (stop-guard guard)
        (error 'machineid-error :status "MID_OK" :reply reply))
      guard)))

(defmacro with-guard ((guard client device-id &optional (options "{}")) &body body)
  `(let ((,guard (start-guard ,client ,device-id ,options)))
     (unwind-protect (progn ,@body) (stop-guard ,guard))))

(defun guard-fd (guard)
  "A descriptor for an event loop, which becomes readable once the guard is denied or ended. Do not read or close it."
  (alien-funcall (extern-alien "mid_guard_fd" (function int (* t))) (slot-value guard 'handle)))

(defun wait-until-off (guard milliseconds)
  "Waits until the guard is off, so long at most, and returns whether it is. A lapse may pass; a denial stays."
  (zerop (alien-funcall (extern-alien "mid_guard_wait" (function (signed 32) (* t) (signed 32)))
                        (slot-value guard 'handle) milliseconds)))

(defun guard-decision (guard)
  "What the guard knows, as machineid.h describes it for mid_guard_decision(): \"state\", \"decision\" and so on."
  (with-alien ((allowed int 0) (json (* char)))
    (checked (alien-funcall
              (extern-alien "mid_guard_decision" (function (signed 32) (* t) (* int) (* (* char))))
              (slot-value guard 'handle) (addr allowed) (addr json))
             json)))

(defmacro define-operation (lisp-name c-name with-device)
  `(progn
     (export ',lisp-name)
     (defun ,lisp-name (client ,@(when with-device '(device-id)))
       "Returns the authority's reply, or signals machineid-error."
       (with-alien ((json (* char)))
         (checked (alien-funcall
                   (extern-alien ,c-name (function (signed 32) (* t) ,@(when with-device '(text)) (* (* char))))
                   client ,@(when with-device '((c-text 'device-id device-id))) (addr json))
                  json)))))

(define-operation register "mid_register" t)
(define-operation revoke "mid_revoke" t)
(define-operation unrevoke "mid_unrevoke" t)
(define-operation restore "mid_restore" t)
(define-operation remove-device "mid_remove" t)
(define-operation list-devices "mid_list_devices" nil)
(define-operation usage "mid_usage" nil)
