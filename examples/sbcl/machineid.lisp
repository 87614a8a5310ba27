;;;; machineid.lisp - the client of the MachineID authority, for SBCL. Needs libmachineid, and yason for JSON.
;;;;
;;;;     (machineid:with-client (client "{\"timeout_ms\":2000}")
;;;;       (machineid:register client "agent-01")
;;;;       (when (machineid:validate client "agent-01")
;;;;         (work)))
;;;;
;;;; VALIDATE returns T or NIL, and the decision as its second value, because every object is true in a condition.
;;;; ENSURE-ALLOWED signals an error, with the code and the request id, unless the device is allowed.
;;;;
;;;; A call blocks its thread until there is an answer or timeout_ms has passed; the collector does not wait for it. Any
;;;; number of threads may share a client. They must have ended when WITH-CLIENT does, which frees it.

(defpackage :machineid
  (:use :common-lisp :sb-alien)
  (:export #:version #:with-client #:open-client #:free #:cancel #:validate #:ensure-allowed
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
